"""Requests over midnight, and over changes of the clocks: all processes of the stack live in a restless time zone."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.live.items import item, scripted_call, undo
from tests.live.portal import Portal
from tests.live.running_stack import RunningStack
from tests.live.scripted_target import Reply, ScriptedTarget
from tests.live.waiting import wait_for

PROMISED = dt.timedelta(minutes=30)
"""What the item is provisioned in."""
PAUSE = 1.0
"""Seconds between two tries, and between two looks."""
POLLED = scripted_call("first", "/clock-first", rollback=undo(scripted_call("gone", "/clock-gone", "DELETE")))
POLLED["config"] |= {
    "poll": {
        "url": "{{env.SCRIPTED_URL}}/clock-look/{{fields.name}}",
        "interval": PAUSE,
        "until": {"path": "$.state", "equals": "ready"},
    }
}
ITEMS = (
    item(
        "clock",
        POLLED,
        scripted_call("second", "/clock-second", retry={"attempts": 3, "delay": PAUSE}),
        scripted_call("third", "/clock-third"),
        sla={"provisioning_time": "30 minutes"},
    ),
)
READY = Reply(body='{"state": "ready"}')


@dataclass(frozen=True, kw_only=True)
class Night:
    """What was ordered before it, and when by the clock that never changes."""

    ids: Mapping[str, str]
    requests: Mapping[str, dict[str, Any]]
    begun: dt.datetime
    over: dt.datetime


@pytest.fixture(scope="module")
def night(stack: RunningStack, developer: Portal, scripted: ScriptedTarget) -> Night:
    """One request is at work, one is asked after, while the clocks are put forward and back over midnight."""
    begun = now()
    scripted.script("/clock-look/asked", Reply(body='{"state": "busy"}'))
    scripted.script("/clock-look/works", READY)
    held = threading.Event()
    scripted.script("/clock-second/works", Reply(status=503, held=held), Reply())
    ids = {name: developer.submit("clock", name) for name in ("asked", "works")}
    wait_for(lambda: scripted.calls("/clock-second/works"), "one is at work")
    wait_for(lambda: scripted.calls("/clock-look/asked"), "one is asked after")
    offsets = []

    def changed() -> bool:
        offset = local_now(stack).utcoffset()
        if offsets[-1:] != [offset]:
            offsets.append(offset)
        return len(offsets) > 2

    wait_for(changed, "the clocks have been put forward and back")
    held.set()
    scripted.script("/clock-look/asked", READY)
    return Night(ids=ids, requests={name: developer.ended(each) for name, each in ids.items()}, begun=begun, over=now())


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def local_now(stack: RunningStack) -> dt.datetime:
    """What the clock on the stack's wall shows."""
    with Path(stack.environment["TZ"].removeprefix(":")).open("rb") as file:
        return dt.datetime.now(ZoneInfo.from_file(file))


def told(times: Iterable[str]) -> list[dt.datetime]:
    return [dt.datetime.fromisoformat(each) for each in times]


@pytest.mark.parametrize("name", ["asked", "works"])
def test_everything_is_told_at_the_time_when_it_happened(night: Night, developer: Portal, name: str):
    """In order, and as promised: nothing is an hour early or late."""
    request = night.requests[name]
    steps = told(step["at"] for step in request["timeline"])
    actions = told(action[at] for action in request["actions"] for at in ("started_at", "ended_at"))
    logged = told(entry["at"] for entry in developer.get(f"/requests/{night.ids[name]}/logs")["entries"])

    assert ("completed", False) == (request["status"], request["overdue"])
    for times in (steps, actions, logged):
        assert sorted(times) == times
        assert night.begun <= times[0] <= times[-1] <= night.over
    assert [PROMISED] == [end - steps[0] for end in told([request["expected_at"]])]


def test_what_waits_waits_for_as_long_as_it_was_told_to(night: Night, scripted: ScriptedTarget):
    """Between two tries, and between two looks; each step is done once, in its order."""
    tries = scripted.calls("/clock-second/works")
    looks = scripted.calls("/clock-look/asked")

    assert all(later.at - earlier.at >= PAUSE for earlier, later in pairwise(looks))
    assert (2, True) == (len(tries), tries[1].at - tries[0].at >= PAUSE)
    for name in night.ids:
        steps = [scripted.calls(f"/clock-{step}/{name}") for step in ("first", "second", "third")]
        assert [1, len(tries) if name == "works" else 1, 1] == [len(calls) for calls in steps]
        at = [call.at for calls in steps for call in calls]
        assert sorted(at) == at


def test_it_is_undone_the_day_after(night: Night, developer: Portal, scripted: ScriptedTarget):
    """What was done before midnight, once."""
    answer = developer.http.post(f"/api/v1/requests/{night.ids['works']}/rollback", json={})
    assert 202 == answer.status_code, answer.text

    assert "rolled_back" == developer.ended(night.ids["works"])["status"]
    assert ["DELETE"] == [call.method for call in scripted.calls("/clock-gone/works")]
