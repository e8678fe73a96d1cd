"""The example client's calls, against servers on this machine: what goes wrong is one sentence."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from websockets.sync.server import ServerConnection, serve

from examples.client.exceptions import ClientError
from examples.client.portal import RECONNECTS, Portal


def portal(answer: httpx.Response | Exception, pauses: list[float] | None = None) -> Portal:
    """One whose every call gets this answer."""

    def respond(_request: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    http = httpx.Client(base_url="http://localhost:1", transport=httpx.MockTransport(respond))
    return Portal(http, "token", pause=(pauses if pauses is not None else []).append)


@contextmanager
def sockets(*talks: Callable[[ServerConnection], None]) -> Iterator[tuple[dict[str, Any], list[str]]]:
    """A server whose connections go as told, one after another; a request to watch there, and the paths asked for."""
    asked: list[str] = []

    def talk(socket: ServerConnection) -> None:
        asked.append(socket.request.path)
        talks[min(len(asked), len(talks)) - 1](socket)

    with serve(talk, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        port = server.socket.getsockname()[1]
        links = {"events": f"ws://127.0.0.1:{port}/r1"}
        try:
            yield {"id": "r1", "airflow_url": "http://airflow/r1", "links": links}, asked
        finally:
            server.shutdown()
            thread.join()


def says(*messages: dict[str, Any], code: int = 1000) -> Callable[[ServerConnection], None]:
    """Send these, then close."""

    def talk(socket: ServerConnection) -> None:
        for message in messages:
            socket.send(json.dumps(message))
        socket.close(code)

    return talk


SNAPSHOT = {"type": "snapshot", "seq": 3}
CHANGE = {"type": "status", "seq": 4, "status": "completed"}
END = {"type": "end", "seq": 4, "status": "completed"}


def test_a_watch_ends_with_the_end():
    """Pings between the messages are nobody's business."""
    with sockets(says(SNAPSHOT, {"type": "ping"}, CHANGE, END)) as (request, asked):
        assert [SNAPSHOT, CHANGE, END] == list(portal(httpx.Response(200)).watch(request))
    assert ["/r1"] == asked


def test_a_broken_connection_goes_on_after_the_last_message():
    """Nothing is lost, and nothing is told twice."""
    pauses: list[float] = []
    with sockets(says(SNAPSHOT, code=1012), says(CHANGE, END)) as (request, asked):
        assert [SNAPSHOT, CHANGE, END] == list(portal(httpx.Response(200), pauses).watch(request))
    assert ["/r1", "/r1?since=3"] == asked
    assert [1] == pauses


def test_a_connection_that_keeps_breaking_is_given_up():
    """After a few times, with the place to look at."""
    with sockets(says(code=1012)) as (request, asked), pytest.raises(ClientError, match="http://airflow/r1"):
        list(portal(httpx.Response(200)).watch(request))
    assert 1 + RECONNECTS == len(asked)


def test_a_refusal_is_not_tried_again():
    """The close code says why."""
    with sockets(says(code=4404)) as (request, asked), pytest.raises(ClientError, match="no such request"):
        list(portal(httpx.Response(200)).watch(request))
    assert 1 == len(asked)


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        pytest.param(
            httpx.Response(
                422,
                json={"detail": "the values are wrong", "errors": [{"pointer": "/fields/a", "message": "is missing"}]},
            ),
            r"POST /api/v1/requests was answered 422: the values are wrong; /fields/a: is missing",
            id="problem document",
        ),
        pytest.param(httpx.Response(502, text="<html>bad</html>"), "was answered 502: <html>bad</html>", id="a proxy"),
        pytest.param(httpx.Response(200, json=[]), "was answered 200: ", id="not an object"),
        pytest.param(httpx.ConnectError("refused"), r"\(refused\); is the stack running\?", id="nobody there"),
    ],
)
def test_a_call_that_fails_is_told_in_the_api_s_own_words(answer, sentence):
    """As one sentence, with every error and its place."""
    with pytest.raises(ClientError, match=sentence):
        portal(answer).submit("item", {})
