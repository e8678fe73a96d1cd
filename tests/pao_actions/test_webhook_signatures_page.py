"""The receiver of `docs/webhook-signatures.md` against what the action really sends."""

import re
from pathlib import Path

import pytest
import yaml
from pao_actions.testing import FakeClock, make_context, run_action
from pao_actions.webhook import Webhook

from catalog_compiler.actions import Connection
from catalog_compiler.templates import Scope

PAGE = (Path(__file__).parents[2] / "docs" / "webhook-signatures.md").read_text("utf-8")
STANDARD_SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"


@pytest.fixture(scope="module")
def receiver():
    """What the page's Python defines."""
    names = {}
    exec(re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)[1], names)
    return names


@pytest.fixture
def sent(target):
    """Sends the page's webhook with a signature, and gives headers, body and the time."""

    def send(secret, **signature):
        config = yaml.safe_load(re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[1])["config"]
        config["signature"] = signature or config["signature"]
        clock = FakeClock()
        scope = Scope(fields={"name": 'ä"b'}, env={"WEBHOOK_URL": target.url})
        context = make_context(Connection(id="webhook_secret", type="generic", password=secret), clock=clock)
        assert "completed" == run_action(Webhook(), config, scope=scope, context=context).status
        return target.only.headers, target.only.body, clock.now().timestamp()

    return send


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_a_genuine_message_is_taken(receiver, sent, algorithm):
    """The page's own example, and the longer hash."""
    more = {"timestamp_header": "X-Timestamp", "algorithm": algorithm}
    headers, body, now = sent("s3cret", secret_ref="webhook_secret", **more)

    assert receiver["verify"]("s3cret", headers, body, now)


def test_the_pages_example_is_one(receiver, sent):
    """As it stands there."""
    headers, body, now = sent("s3cret")

    assert receiver["verify"]("s3cret", headers, body, now)


def test_a_standard_message_is_taken(receiver, sent):
    """By id, time and body."""
    headers, body, now = sent(STANDARD_SECRET, secret_ref="webhook_secret", format="standard")

    assert receiver["verify_standard"](STANDARD_SECRET, headers, body, now)


@pytest.mark.parametrize(
    ("function", "secret", "signature"),
    [
        ("verify", "s3cret", {"timestamp_header": "X-Timestamp"}),
        ("verify_standard", STANDARD_SECRET, {"format": "standard"}),
    ],
)
def test_everything_else_is_refused(receiver, sent, function, secret, signature):
    """Another key, another body, an old message, one of the future, an old one with a new time, none at all."""
    headers, body, now = sent(secret, secret_ref="webhook_secret", **signature)
    other = "whsec_" + "A" * 32 if secret.startswith("whsec_") else "other"
    verify = receiver[function]
    time = next(name for name in headers if name in ("x-timestamp", "webhook-timestamp"))

    assert not verify(other, headers, body, now)
    assert not verify(secret, headers, body + b" ", now)
    assert not verify(secret, headers, body, now + 301)
    assert not verify(secret, headers, body, now - 301)
    assert not verify(secret, headers | {time: str(int(headers[time]) + 600)}, body, now + 600)
    assert not verify(secret, {}, body, now)
