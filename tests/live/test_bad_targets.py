"""Targets on their bad days: what is tried again, how often, and what the requester is told in the end."""

from __future__ import annotations

import pytest

from tests.live.items import PATIENT, SCRIPTED, call, item, scripted_call
from tests.live.portal import Portal
from tests.live.scripted_target import Reply, ScriptedTarget

PAGE = "<!doctype html><title>502</title><h1>Bad Gateway</h1><script>hide()</script>"
HTML = {"body": PAGE, "content_type": "text/html"}
WEBHOOK = {
    "name": "tell",
    "type": "webhook",
    "config": {"url": f"{SCRIPTED}/chat/{{{{fields.name}}}}", "body": {"text": "{{fields.name}}"}},
}
ITEMS = (
    item("down", call("reach", "GET", "http://127.0.0.1:1/nobody", retry={"attempts": 2, "delay": 0.1})),
    item("slow", scripted_call("wait", "/slow", "GET", timeout=0.5, retry={"attempts": 1, "delay": 0.1})),
    item("recovering", scripted_call("make", "/recovering", retry=PATIENT)),
    item("html", scripted_call("make", "/html", retry=PATIENT)),
    item("once", scripted_call("make", "/once")),
    item("refused", scripted_call("make", "/refused", retry=PATIENT)),
    item("page", scripted_call("make", "/page", mapping={"id": "$.id"}, retry=PATIENT)),
    item("chat", scripted_call("make", "/chatty"), WEBHOOK),
)
NAME = "bad-day"


@pytest.fixture(scope="module")
def requests(developer: Portal, scripted: ScriptedTarget) -> dict[str, str]:
    """A request for each item, all at the same time."""
    scripted.hold(f"/slow/{NAME}", every_call=True)
    scripted.script(f"/recovering/{NAME}", Reply(status=500), Reply(status=503), Reply())
    scripted.script(f"/html/{NAME}", Reply(status=500, **HTML))
    scripted.script(f"/once/{NAME}", Reply(status=500))
    scripted.script(f"/refused/{NAME}", Reply(status=422, body='{"error": "no more room"}'))
    scripted.script(f"/page/{NAME}", Reply(**HTML))
    scripted.script(f"/chat/{NAME}", Reply(status=500))
    names = [part["header"]["id"] for part in ITEMS]
    return {name: developer.submit(name, NAME) for name in names}


@pytest.mark.parametrize(
    ("item_id", "attempts", "told"),
    [
        pytest.param("down", 3, ["127.0.0.1:1", "gave up after 3 tries"], id="connection refused: tried again"),
        pytest.param("slow", 2, ["/slow/bad-day", "0.5", "gave up after 2 tries"], id="no answer in time: tried again"),
        pytest.param("html", 4, ["/html/bad-day", "500", "Bad Gateway"], id="500 for ever: tried again"),
        pytest.param("once", 1, ["/once/bad-day", "500", "not tried again"], id="a POST without 'retry': never twice"),
        pytest.param("refused", 1, ["/refused/bad-day", "422", "no more room"], id="422: final"),
        pytest.param("page", 1, ["/page/bad-day", "200", "Bad Gateway"], id="a page instead of JSON: final"),
    ],
)
def test_a_request_fails_with_what_the_target_said(
    requests, developer: Portal, scripted: ScriptedTarget, item_id, attempts, told
):
    """An error names the target, the status and the start of its words; the tries are counted, and were so many."""
    request = developer.ended(requests[item_id])
    (action,) = request["actions"]

    assert ("failed", "failed", attempts) == (request["status"], action["status"], action["attempt"])
    assert [] == [words for words in told if words not in request["error"]]
    assert "<h1>" not in request["error"]
    assert "hide()" not in request["error"]
    if item_id != "down":
        assert attempts == len(scripted.calls(f"/{item_id}/{NAME}"))


def test_a_target_that_recovers_is_tried_until_it_does(requests, developer: Portal, scripted: ScriptedTarget):
    """Temporary errors are retried under one Idempotency-Key, so that the target can tell a repetition from a wish."""
    request = developer.ended(requests["recovering"])
    calls = scripted.calls(f"/recovering/{NAME}")

    assert ("completed", 3) == (request["status"], request["actions"][0]["attempt"])
    assert 3 == len(calls)
    assert 1 == len({call.headers["idempotency-key"] for call in calls})


def test_a_chat_that_is_away_fails_nobody_s_request(requests, developer: Portal):
    """A webhook that fails leaves a warning on a request that completes."""
    request = developer.ended(requests["chat"])

    assert "completed" == request["status"]
    assert request["error"] is None
    (warning,) = request["warnings"]
    assert "action 'tell' did not succeed" in warning
    assert "500" in warning
    assert ["completed", "failed"] == [action["status"] for action in request["actions"]]
