"""The `webhook` action against a real server."""

import base64
import hashlib
import hmac

import pytest
from pao_actions.attempts import INTERRUPTED
from pao_actions.testing import FakeClock, MemoryLog, MemoryState, make_context, run_action
from pao_actions.webhook import Webhook

from catalog_compiler.actions import ConfigFacts, Connection
from catalog_compiler.plan import RetryPlan
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


def test_signs_the_time_too(target):
    """Against replay: `<timestamp>.<body>`, and the time in a header of its own."""
    signature = {"secret_ref": "hook", "timestamp_header": "X-Timestamp"}
    clock = FakeClock()

    run_action(
        Webhook(),
        {"url": target.url, "body": {"a": 1}, "signature": signature},
        context=make_context(SECRET, clock=clock),
    )

    time = str(int(clock.now().timestamp()))
    expected = hmac.new(b"s3cret", f"{time}.".encode() + target.only.body, "sha256").hexdigest()
    assert (time, f"sha256={expected}") == (target.only.headers["x-timestamp"], target.only.headers["x-signature"])


def test_signs_as_standard_webhooks_says(target):
    """Its own worked example is the page's secret; the id is the same for every try of one message."""
    secret = Connection(id="hook", type="generic", password="whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD")
    config = {"url": target.url, "body": {}, "signature": {"secret_ref": "hook", "format": "standard"}}
    target.answers = [Answer(503), Answer(200)]

    run_action(Webhook(), config, context=make_context(secret), retry=RetryPlan(attempts=1, delay=1, max_delay=9))

    first, second = (received.headers for received in target.received)
    key = base64.b64decode("C2FVsBQIhrscChlQIMV+b5sSYspob7oD")
    signed = f"msg_key-1.{first['webhook-timestamp']}.{{}}".encode()
    digest = base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
    assert ("msg_key-1", f"v1,{digest}") == (first["webhook-id"], first["webhook-signature"])
    assert first["webhook-id"] == second["webhook-id"]
    assert int(first["webhook-timestamp"]) < int(second["webhook-timestamp"])


@pytest.mark.parametrize(
    "password", ["s3cret", "whsec_", "whsec_AAAA", "whsec_" + "A" * 30, "whsec_" + "A" * 88, "whsec_ä"]
)
def test_a_standard_secret_is_24_to_64_bytes(target, password):
    """In base64; nothing is sent with another one, and the message does not show it."""
    secret = Connection(id="hook", type="generic", password=password)
    config = {"url": target.url, "signature": {"secret_ref": "hook", "format": "standard"}}

    error = run_action(Webhook(), config, context=make_context(secret)).error

    assert (
        "the password of connection 'hook' is no secret of Standard Webhooks; set it to 'whsec_' and the base64 of "
        "24 to 64 random bytes"
    ) == error.message
    assert [] == target.received


def test_a_message_whose_answer_was_lost_has_an_unknown_outcome(target):
    """The other side may have acted on it, and has no means to see that another one is the same."""
    target.answers = [None]

    outcome = run_action(Webhook(), {"url": target.url, "timeout": 0.2})

    assert ("outcome_unknown", 1, 1) == (outcome.status, outcome.attempts, len(target.received))
    host = target.url.removeprefix("http://")
    assert (
        f"POST {host} gave no answer within 0.2 seconds; whether it did what it was asked is not known, and it was not "
        "asked again, since that could do it twice: look at the target, then retry or roll back"
    ) == outcome.error.message


class Killed(BaseException):
    """The host was killed."""


def test_is_sent_once_though_the_host_dies(target):
    """Killed between the effect and its record, or between the record and the effect: it is not sent again."""
    state = MemoryState()

    class DiesAfterSending(Webhook):
        async def run(self, config, context):
            await super().run(config, context)
            raise Killed

    with pytest.raises(Killed):
        run_action(DiesAfterSending(), {"url": target.url}, context=make_context(state=state))
    outcome = run_action(Webhook(), {"url": target.url}, context=make_context(state=state))

    assert ("outcome_unknown", 1) == (outcome.status, len(target.received))
    assert INTERRUPTED == outcome.error.message


def test_messages_name_the_host_alone(target):
    """The path of such a URL is often a secret."""
    target.answers = [Answer(404)]
    log = MemoryLog()

    url = f"{target.url.replace('http://', 'http://u:p@')}/services/T0/hush?x=hush"
    outcome = run_action(Webhook(), {"url": url}, context=make_context(log=log))

    host = target.url.removeprefix("http://")
    assert f"POST {host} answered 404: {{}}" == outcome.error.message
    assert "hush" not in str(log.events)


@pytest.mark.parametrize("status", [301, 302, 303])
def test_a_redirect_must_not_lose_the_message(target, status):
    """A GET elsewhere would look like success."""
    target.answers = [Answer(status, headers={"Location": "/hush"}), Answer(200)]

    outcome = run_action(Webhook(), {"url": target.url})

    assert (
        f"POST {target.url.removeprefix('http://')} answered {status}, a redirect to {target.url}, which is not "
        f"followed: a {status} would make a GET of it, and a GET delivers no message; write the final address into the "
        "item"
    ) == outcome.error.message
    assert 1 == len(target.received)


@pytest.mark.parametrize("status", [307, 308])
def test_a_redirect_that_keeps_the_message_is_followed(target, status):
    """Within the same origin, with body and signature as they are."""
    target.answers = [Answer(status, headers={"Location": "/new"}), Answer(204)]
    config = {"url": target.url, "body": {"a": 1}, "signature": {"secret_ref": "hook"}}

    outcome = run_action(Webhook(), config, context=make_context(SECRET))

    first, second = target.received
    assert ("completed", "POST", "/new") == (outcome.status, second.method, second.path)
    assert (first.body, first.headers["x-signature"]) == (second.body, second.headers["x-signature"])


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
