"""Who may watch from where, and that nothing that a watcher sends disturbs it."""

from __future__ import annotations

import asyncio
import json

import pytest

from api_plugin.app import socket_app
from api_plugin.permissions import Permission
from api_plugin.routes import sockets
from api_plugin.seats import Seats
from api_plugin.watch_loop import MessageQueue, SlowReaderError
from api_plugin.watching import Watchtower
from tests.api_plugin.conftest import SignedIn, a_caller
from tests.api_plugin.runs import a_report
from tests.items import action, compiled_item

ITEM = compiled_item("queue", action("a"))
HERE, ELSEWHERE = "https://pao.example.com", "https://evil.example.com"
COOKIE = {"cookie": "_token=known"}


@pytest.fixture
def watch(world):
    """Watches a request that has ended, and gives the types of the messages and the code that it is closed with."""
    world.publish(ITEM)
    world.parse(ITEM)
    request = world.order()
    world.task(request, "a", "success", a_report())
    world.run(request, "success")

    async def watching(headers, frames, protocols, prepare, query):
        app = socket_app()
        app.state.sign_ins = SignedIn(a_caller(Permission.REQUEST_READ))
        prepare(app)
        app.state.tower = Watchtower(interval=0.01)
        told = {"host": "pao.example.com"} | headers
        scope = {
            "type": "websocket",
            "path": f"/requests/{request.id}/status",
            "query_string": query,
            "headers": [(name.encode(), value.encode()) for name, value in told.items()],
            "subprotocols": protocols,
        }
        incoming, sent = asyncio.Queue(), []
        for frame in ({"type": "websocket.connect"}, *frames):
            incoming.put_nowait(frame)

        async def send(message):
            sent.append(message)

        async with app.state.tower.running():
            await app(scope, incoming.get, send)
        texts = [message["text"] for message in sent if message["type"] == "websocket.send"]
        return texts, sent[-1].get("code")

    def call(headers=None, frames=(), protocols=(), prepare=lambda _app: None, query=b""):
        return asyncio.run(watching(headers or {}, frames, list(protocols), prepare, query))

    return call


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        (COOKIE | {"origin": HERE}, 1000),
        (COOKIE | {"origin": ELSEWHERE}, 4403),
        (COOKIE, 4403),
        (COOKIE | {"origin": ELSEWHERE, "authorization": "Basic YTpi"}, 4403),
        (COOKIE | {"origin": ELSEWHERE, "authorization": "Bearer "}, 4403),
        (COOKIE | {"origin": ELSEWHERE, "x-api-key": ""}, 4403),
        (COOKIE | {"origin": ELSEWHERE, "authorization": "Bearer known"}, 1000),
        ({"origin": ELSEWHERE, "x-api-key": "pao_known"}, 1000),
        ({"origin": ELSEWHERE}, 4401),
    ],
)
def test_a_cookie_signs_in_pages_of_this_host_alone(watch, headers, code):
    """A browser sends it whoever made the page. Decided by what signed in, not by what else was sent."""
    assert code == watch(headers)[1]


@pytest.mark.parametrize(("protocols", "code"), [(["pao.v1", "bearer.known"], 1000), (["pao.v1", "bearer."], 4403)])
def test_a_token_among_the_protocols_is_no_cookie(watch, protocols, code):
    """An empty one is none."""
    assert code == watch(COOKIE | {"origin": ELSEWHERE}, protocols=protocols)[1]


@pytest.mark.parametrize("frame", [{"bytes": b"\0"}, {"text": "hello"}, {"text": None, "bytes": b""}])
def test_what_a_watcher_sends_is_of_no_interest(watch, frame):
    """Text or binary."""
    texts, code = watch({"x-api-key": "pao_known"}, [{"type": "websocket.receive", **frame}])

    assert 1000 == code
    assert '"type":"end"' in texts[-1]


@pytest.mark.parametrize("digits", [2, 20, 5000])
def test_a_number_from_the_future_counts_as_now(watch, digits):
    """However long it is: what happens from then on is told, and the connection does not break."""
    texts, code = watch({"x-api-key": "pao_known"}, query=b"since=" + b"9" * digits)

    assert (1000, ["action", "status", "end"]) == (code, [json.loads(text)["type"] for text in texts][-3:])


def nothing_left(app):
    """Let the process have as many sockets as it may."""
    app.state.seats = Seats(total=1, each=5)
    app.state.seats.take("another")


def nothing_left_for_me(app):
    """Let the caller have as many sockets as it may."""
    app.state.seats = Seats(total=5, each=1)
    app.state.seats.take("dev")


@pytest.mark.parametrize("prepare", [nothing_left, nothing_left_for_me])
def test_there_are_so_many_connections_and_no_more(watch, prepare):
    """Of a process, and of a caller."""
    assert ([], 4429) == watch({"x-api-key": "pao_known"}, prepare=prepare)


def test_who_has_left_makes_room(watch):
    """A seat is given back however a connection ends."""
    kept = []

    def remember(app):
        kept.append(app.state.seats)

    watch({"x-api-key": "pao_known"}, prepare=remember)
    watch({"x-api-key": "pao_known"}, [{"type": "websocket.disconnect"}], prepare=remember)

    assert [0, 0] == [len(seats) for seats in kept]


class Line:
    """A connection whose other side takes what it likes."""

    def __init__(self, takes):
        self.sent = []
        self.full = asyncio.Event()
        self._takes = takes

    async def send_json(self, message):
        if len(self.sent) == self._takes:
            self.full.set()
            await asyncio.Event().wait()
        self.sent.append(message)

    async def receive(self):
        await asyncio.Event().wait()


def test_a_reader_that_takes_nothing_is_dropped(monkeypatch):
    """After a while in which there was something for it."""
    monkeypatch.setattr(sockets, "SEND_SECONDS", 0.01)
    line = Line(takes=1)

    async def relay():
        queue = MessageQueue()
        queue.offer({"type": "status", "seq": 1})
        queue.offer({"type": "status", "seq": 2})
        await sockets.relay(line, queue)

    with pytest.raises(SlowReaderError):
        asyncio.run(relay())
    assert [{"type": "status", "seq": 1}] == line.sent


def test_a_line_that_is_still_is_pinged(monkeypatch):
    """So that proxies keep it open, and both sides notice when it is broken."""
    monkeypatch.setattr(sockets, "PING_SECONDS", 0.01)
    line = Line(takes=3)

    async def relay():
        queue = MessageQueue()
        task = asyncio.create_task(sockets.relay(line, queue))
        await line.full.wait()
        task.cancel()

    asyncio.run(relay())

    assert [{"type": "ping"}] * 3 == line.sent
