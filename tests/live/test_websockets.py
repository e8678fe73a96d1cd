"""Who may watch a request, and how a watcher comes back without losing or repeating anything."""

from __future__ import annotations

import asyncio
import json

import pytest
from websockets.asyncio.client import connect

from catalog_compiler.open_files import room_for
from tests.live.items import item, scripted_call
from tests.live.portal import Answer, Portal
from tests.live.running_stack import RunningStack
from tests.live.scripted_target import ScriptedTarget

ITEMS = (item("watched", scripted_call("first", "/watched"), scripted_call("second", "/watched-second")),)


@pytest.fixture(scope="module")
def request_id(developer: Portal) -> str:
    """A request that has ended."""
    made = developer.submit("watched", "ended")
    developer.ended(made)
    return made


@pytest.mark.parametrize(
    ("who", "code"), [("nobody", 4401), ("stranger", 4401), ("service", 4403), ("colleague", 4404)]
)
def test_who_may_not_watch_is_told_by_the_close_code(portals: dict[str, Portal], request_id, who, code):
    """Not signed in, not allowed, not allowed to know: accepted first, then closed with the code that says which."""
    watched = portals[who].watch(request_id)

    assert ((), code) == (watched.messages, watched.code)


@pytest.mark.parametrize("unknown", ["00000000-0000-4000-8000-000000000000", "no-request"])
def test_a_request_that_does_not_exist_cannot_be_watched(developer: Portal, unknown):
    """There is no telling a request of others from none."""
    assert 4404 == developer.watch(unknown).code


def test_a_browser_signs_in_by_subprotocol(developer: Portal, request_id):
    """The token travels as a second subprotocol; the server selects `pao.v1` and never echoes the token."""
    watched = developer.watch(request_id, protocols=["pao.v1", f"bearer.{developer.token}"], signed=False)

    assert ("pao.v1", 1000) == (watched.protocol, watched.code)
    assert ["snapshot", "end"] == [message["type"] for message in watched.messages]


def test_a_bad_token_in_the_subprotocol_signs_nobody_in(developer: Portal, request_id):
    """A wrong token is as good as none, however it comes."""
    assert 4401 == developer.watch(request_id, protocols=["pao.v1", "bearer.wrong"], signed=False).code


def test_a_watcher_comes_back_where_it_left(developer: Portal, scripted: ScriptedTarget):
    """`?since=` goes on right after the last message that was seen, whenever the connection broke."""
    release = scripted.hold("/watched/comes-back")
    made = developer.submit("watched", "comes-back")
    seen = []
    with developer.socket(made, query="?since=0") as socket:
        while not seen or seen[-1]["type"] != "action":
            seen.append(json.loads(socket.recv(timeout=90)))
    release.set()
    rest = developer.watch(made, query=f"?since={seen[-1]['seq']}")
    whole = developer.watch(made, query="?since=0")

    assert whole.seqs == [message["seq"] for message in seen] + rest.seqs
    assert list(range(1, len(whole.seqs) + 1)) == whole.seqs
    assert (1000, 1000) == (rest.code, whole.code)


SOCKETS, WATCHED = 1000, 50


class Crowd:
    """Watchers that come a few at a time, until all are there."""

    def __init__(self, size: int) -> None:
        self.complete = asyncio.Event()
        self._missing = size
        self._coming = asyncio.Semaphore(50)

    async def watch(self, portal: Portal, request_id: str, query: str) -> tuple[list[Answer], int | None]:
        """Every message, and the code that the server closed with."""
        url = f"{portal.base_url.replace('http', 'ws', 1)}/ws/requests/{request_id}/status{query}"
        messages = []
        async with self._coming:
            socket = await connect(
                url, additional_headers={"Authorization": f"Bearer {portal.token}"}, proxy=None, open_timeout=60
            )
            messages.append(json.loads(await socket.recv()))
            self._missing -= 1
        if not self._missing:
            self.complete.set()
        return messages + [json.loads(text) async for text in socket], socket.close_code


def test_a_thousand_watchers_are_told_everything_and_nothing_of_others(
    developer: Portal, scripted: ScriptedTarget, stack: RunningStack
):
    """On one process; they come while the requests are at work. How soon they are told is measured by `make bench`."""
    room_for(2 * SOCKETS)
    names = [f"crowd-{number}" for number in range(WATCHED)]
    held = [scripted.hold(f"/watched/{name}") for name in names]
    made = [developer.submit("watched", name) for name in names]

    async def watch() -> list[tuple[list[Answer], int | None]]:
        crowd = Crowd(SOCKETS)
        watchers = [
            asyncio.create_task(crowd.watch(developer, made[number % WATCHED], "?since=0")) for number in range(SOCKETS)
        ]
        await crowd.complete.wait()
        for event in held:
            event.set()
        return await asyncio.gather(*watchers)

    found = asyncio.run(asyncio.wait_for(watch(), 240))

    counted = dict(stack.rows("SELECT request_id::text, max(seq) FROM pao.request_event GROUP BY request_id"))
    assert SOCKETS == len(found)
    for number, (messages, code) in enumerate(found):
        request_id = made[number % WATCHED]
        assert 1000 == code
        assert {request_id} == {message["request_id"] for message in messages if message["type"] != "ping"}
        told = [message["seq"] for message in messages if message["type"] in {"status", "action"}]
        assert list(range(1, counted[request_id] + 1)) == told
        assert "end" == messages[-1]["type"]
