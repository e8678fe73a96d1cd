"""Follows a request over its WebSocket; where that breaks it goes on without loss, and where there is none it asks."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterator
from typing import Any, TypedDict
from urllib.parse import quote

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI
from websockets.sync.client import ClientConnection, connect

from api_plugin.client_errors import ApiError
from api_plugin.client_transport import Transport
from api_plugin.datamodels.requests import RequestAnswer
from api_plugin.status_views import ENDED

OPEN_SECONDS = 10.0
"""For opening the WebSocket."""
SILENT_SECONDS = 60.0
"""After so long without a message, three of the server's pings, the connection counts as broken."""
ASK_EVERY = 2.0
"""Seconds between two looks where there is no WebSocket."""
LOOKS = 5
"""Looks between two tries to open it."""
PAUSE = 0.5
"""Seconds before a connection that broke is opened again."""

_REFUSALS = {
    4401: (401, "not signed in, or the token has expired"),
    4403: (403, "this account may not read requests"),
    4404: (404, "there is no such request"),
}


class WatchMessage(TypedDict, total=False):
    """A message of `/ws/requests/{id}/status`: `snapshot`, `status`, `action`, `queue`, `log` or `end`."""

    type: str
    seq: int
    at: str
    request_id: str
    status: str
    error: str | None
    action: dict[str, Any]
    queue: dict[str, Any] | None
    request: dict[str, Any]


def watch(
    transport: Transport, request_id: object, *, since: int | None, ask: Callable[[], RequestAnswer]
) -> Iterator[WatchMessage]:
    """Every message after number `since`, or first a snapshot; ends after `end`. Raises ApiError."""
    seen = since
    while True:
        heard = False
        try:
            with _opened(transport, request_id, seen) as socket:
                for message in _messages(socket):
                    heard, seen = True, message.get("seq", seen)
                    yield message
                    if message["type"] == "end":
                        return
        except (OSError, InvalidHandshake, InvalidURI, ConnectionClosed, TimeoutError) as error:
            _refuse(error, request_id)
        if heard:
            # It broke: what was missed meanwhile is told by number, without loss.
            transport.sleep(PAUSE)
            continue
        if (ended := (yield from _asked(transport, ask))) is not None:
            yield {"type": "end", "request_id": str(request_id), "status": ended}
            return
        # What was told by asking has no number; the socket begins anew with where the request is.
        seen = None


def _asked(transport: Transport, ask: Callable[[], RequestAnswer]) -> Generator[WatchMessage, None, str | None]:
    """Where the request is, each time that it has changed, for a while; returns its status once it has ended."""
    told: RequestAnswer | None = None
    for _ in range(LOOKS):
        request = ask()
        if request != told:
            yield _snapshot(request)
            told = request
        if request.status in ENDED:
            return request.status
        transport.sleep(ASK_EVERY)
    return None


def _opened(transport: Transport, request_id: object, since: int | None) -> ClientConnection:
    base = transport.base_url.replace("http", "ws", 1)
    query = "" if since is None else f"?since={since}"
    return connect(
        f"{base}/ws/requests/{quote(str(request_id), safe='')}/status{query}",
        additional_headers=transport.headers,
        open_timeout=OPEN_SECONDS,
        close_timeout=1,
        max_size=None,
    )


def _messages(socket: ClientConnection) -> Iterator[WatchMessage]:
    while True:
        message: WatchMessage = json.loads(socket.recv(timeout=SILENT_SECONDS))
        if message.get("type") != "ping":
            yield message


def _refuse(error: Exception, request_id: object) -> None:
    """Raise what the server says by its close code, where trying again is of no use."""
    code = error.rcvd.code if isinstance(error, ConnectionClosed) and error.rcvd else None
    if code in _REFUSALS:
        status, reason = _REFUSALS[code]
        raise ApiError(f"watching {request_id}: {reason}", status=status, problem={"detail": reason}) from error


def _snapshot(request: RequestAnswer) -> WatchMessage:
    shown = request.model_dump(mode="json")
    return {"type": "snapshot", "request_id": str(request.id), "status": request.status, "request": shown}
