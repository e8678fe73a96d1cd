"""The `webhook` action against a real server."""

import hashlib
import hmac

import pytest
from pao_actions.testing import make_context, run_action
from pao_actions.webhook import Webhook

from catalog_compiler.actions import ConfigFacts, Connection
from catalog_compiler.templates import Scope
from tests.pao_actions.conftest import Answer

SECRET = Connection(id="hook", type="generic", password="s3cret")


def test_sends_the_message(target):
    """The example of the documentation: the URL is a variable, the method POST."""
    config = {"url": "{{env.HOOK}}", "body_template": '{"text": "✅ {{fields.app}} deployed"}'}

    outcome = run_action(
        Webhook(), config, scope=Scope(fields={"app": 'a"b'}, env={"HOOK": f"{target.url}/services/T0?x=1"})
    )

    assert {"status_code": 200} == outcome.result.outputs
    assert ("POST", "/services/T0?x=1") == (target.only.method, target.only.path)
    assert '{"text": "✅ a\\"b deployed"}' == target.only.body.decode()


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_signs_the_exact_body(target, algorithm):
    """An HMAC with the connection's password over what arrives."""
    signature = {"algorithm": algorithm, "secret_ref": "hook", "header": "X-Hub-Signature"}

    run_action(
        Webhook(),
        {"url": target.url, "body": {"name": "{{fields.x}}"}, "signature": signature},
        scope=Scope(fields={"x": "ä"}),
        context=make_context(SECRET),
    )

    expected = hmac.new(b"s3cret", target.only.body, getattr(hashlib, algorithm)).hexdigest()
    assert f"{algorithm}={expected}" == target.only.headers["x-hub-signature"]


def test_a_secret_that_is_missing_is_named(target):
    """Nothing is sent unsigned."""
    empty = Connection(id="hook", type="generic")
    config = {"url": target.url, "signature": {"secret_ref": "hook"}}

    missing = run_action(Webhook(), config).error
    without = run_action(Webhook(), config, context=make_context(empty)).error

    assert "connection 'hook' does not exist" in missing.message
    assert "connection 'hook' has no password to sign with" in without.message
    assert [] == target.received


def test_is_not_sent_twice(target):
    """The other side may not see that it is the same message."""
    target.answers = [Answer(503)]

    outcome = run_action(Webhook(), {"url": target.url})

    assert ("failed", 1) == (outcome.status, outcome.attempts)


def test_does_not_fail_the_request():
    """A chat that is away tears down nothing."""
    assert "continue" == Webhook.on_error


def test_the_secret_is_named_by_the_author_alone():
    """No template may stand there."""
    assert Webhook.literal(("signature", "secret_ref"))
    assert not Webhook.literal(("body_template",))


def test_checks_its_call():
    """The same checks as for every call."""
    (problem,) = Webhook.check({"url": "https://{{fields.x}}/"}, ConfigFacts(field_types={"x": "string"}))

    assert ("url",) == problem.path
