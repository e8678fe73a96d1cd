"""What requesters are told of their place in the queue, through the API."""

from __future__ import annotations

import asyncio

import pytest
from airflow.utils.session import create_session

from api_plugin.permissions import Permission
from api_plugin.queueing import holding, standing
from api_plugin.queueing.admitting import admit
from api_plugin.queueing.deciding import Place
from api_plugin.queueing.limits import Counted, Limits
from api_plugin.queueing.standing import Standings, queue_answer
from api_plugin.watching import Watchtower
from tests.api_plugin.conftest import a_caller
from tests.items import action, compiled_item

ITEM = compiled_item("queue", action("a"))
DEV = a_caller(Permission.REQUEST_READ)
ONE = Limits(platform=1)


@pytest.fixture
def limited(world, monkeypatch):
    """One request runs at a time."""
    monkeypatch.setattr(holding, "configured", lambda: ONE)
    monkeypatch.setattr(standing, "configured", lambda: ONE)
    world.publish(ITEM)
    world.parse(ITEM)
    return world


def start():
    with create_session(scoped=False) as session:
        admit(session, ONE)


def test_a_request_tells_its_place_while_it_waits(limited, portal):
    """In full and in its status, whose `ETag` changes with it; once it may start, it has none."""
    first, second, third = (limited.order() for _ in range(3))
    start()

    place = portal("GET", f"/requests/{third.id}", DEV).json()["queue"]
    assert place == {
        "position": 2,
        "length": 2,
        "limit": "platform",
        "message": "number 2 of 2 that wait until one of all running requests ends",
    }
    before = portal("GET", f"/requests/{third.id}/status", DEV)
    assert ("queued", place) == (before.json()["status"], before.json()["queue"])
    known = {"If-None-Match": before.headers["ETag"]}
    assert 304 == portal("GET", f"/requests/{third.id}/status", DEV, headers=known).status_code
    assert portal("GET", f"/requests/{first.id}", DEV).json()["queue"] is None

    limited.run(first, "success")
    start()
    after = portal("GET", f"/requests/{third.id}/status", DEV, headers=known)
    assert (200, 1) == (after.status_code, after.json()["queue"]["position"])
    assert portal("GET", f"/requests/{second.id}/status", DEV).json()["queue"] is None


def test_the_queue_is_read_once_for_all_who_ask(limited):
    """For a second, however many ask."""
    requests = [limited.order() for _ in range(3)]
    start()
    standings = Standings(seconds=60)
    seen = [standings.of(limited.session, request) for request in requests]
    limited.run(requests[0], "success")
    start()

    assert [None, 1, 2] == [place and place.position for place in seen]
    assert seen == [standings.of(limited.session, request) for request in requests]


@pytest.mark.parametrize(
    ("counted", "message"),
    [
        (Counted("platform", ""), "number 1 of 3 that wait until one of all running requests ends"),
        (Counted("user", "dev"), "number 1 of 3 that wait until one of the requester's own running requests ends"),
        (Counted("item", "default.db"), "number 1 of 3 that wait until a running request of this item ends"),
        (
            Counted("action_type", "terraform"),
            "number 1 of 3 that wait until a running request with an action of type terraform ends",
        ),
    ],
)
def test_what_it_waits_for_is_a_sentence(counted, message):
    """For each kind of limit; it names nobody else."""
    assert message == queue_answer(Place(position=1, length=3, counted=counted)).message


def test_watchers_are_told_when_their_place_changes(limited):
    """Once a change, and that it is their turn; the request's own events keep their numbers."""
    first, second, third = (limited.order() for _ in range(3))
    start()
    tower = Watchtower(interval=0.01, standings=Standings(seconds=0))

    async def watch():
        told = []
        async with tower.running(), tower.watch(third.id, since=3) as watcher:
            for done in (first, second):
                told.append(await asyncio.wait_for(watcher.next(), 30))
                limited.run(done, "success")
                start()
            told.append(await asyncio.wait_for(watcher.next(), 30))
        return told

    told = asyncio.run(watch())
    assert [("queue", 3)] * 3 == [(message["type"], message["seq"]) for message in told]
    assert [2, 1, None] == [message["queue"] and message["queue"]["position"] for message in told]
