"""`/ws`: the status of a request, and what the catalog does, as it happens."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from airflow.utils.session import create_session
from fastapi import APIRouter, WebSocket
from starlette.websockets import WebSocketDisconnect, WebSocketState

from api_plugin.catalog_watching import CatalogTower, CatalogWatcher, can_go_on, read_messages, read_snapshot
from api_plugin.clock import utc_text
from api_plugin.configuration import settings
from api_plugin.exceptions import ApiProblem
from api_plugin.permissions import Permission
from api_plugin.principals import Principal, lacking, principal_of, sent_credential
from api_plugin.projection import rollback_of
from api_plugin.refusals import put_on_record
from api_plugin.request_answers import answer
from api_plugin.request_logs.following import LogReader
from api_plugin.request_logs.paging import cursor_places
from api_plugin.request_logs.readers import Wanted
from api_plugin.request_logs.room import LogRoom
from api_plugin.request_logs.telling import telling
from api_plugin.routes.requests import stored_request
from api_plugin.seats import NoSeatError, Seats
from api_plugin.watch_loop import GoneError, Message, MessageQueue, ReaderLeftError, SlowReaderError
from api_plugin.watching import Watcher, Watchtower

router = APIRouter(tags=["watching"])

PROTOCOL = "pao.v1"
PING_SECONDS = 20.0
SEND_SECONDS = 30.0
"""So long a reader may take nothing at all while there is something for it."""
CLOSE_SECONDS = 1.0
"""So long a reader that took nothing may take to be told so."""
NOT_SIGNED_IN, NOT_ALLOWED, NOT_FOUND, TOO_MANY, TRY_LATER, ENDED = 4401, 4403, 4404, 4429, 1013, 1000
NOT_A_CURSOR = 1008
"""A policy violation, as RFC 6455 calls it: `?logs=` is none of our cursors."""


@router.websocket("/requests/{request_id}/status")
async def watch_request(socket: WebSocket, request_id: str) -> None:
    """Send a snapshot, then a message a change, then `end`."""

    async def serve(caller: Principal) -> int:
        return await _serve_request(socket, caller, request_id)

    await _answer(socket, Permission.REQUEST_READ, serve)


@router.websocket("/catalog/changes")
async def watch_catalog(socket: WebSocket) -> None:
    """Send where the catalog stands, or what was missed since, then a message for each thing that it does."""

    async def serve(caller: Principal) -> int:
        return await _serve_catalog(socket, caller)

    await _answer(socket, Permission.CATALOG_READ, serve)


async def _answer(socket: WebSocket, permission: Permission, serve: Callable[[Principal], Awaitable[int]]) -> None:
    """Accept first; then serve whoever may be served, and close with the code that says why."""
    offered = socket.scope.get("subprotocols", [])
    await socket.accept(subprotocol=PROTOCOL if PROTOCOL in offered else None)
    code = TRY_LATER
    try:
        code = await _admit(socket, _offered_token(offered), permission, serve)
    except WebSocketDisconnect:
        return
    finally:
        if socket.application_state is not WebSocketState.DISCONNECTED:
            # One that takes nothing is not waited for: the server ends its connection.
            with suppress(RuntimeError, WebSocketDisconnect, TimeoutError):
                async with asyncio.timeout(CLOSE_SECONDS):
                    await socket.close(code)


async def _admit(
    socket: WebSocket, token: str | None, permission: Permission, serve: Callable[[Principal], Awaitable[int]]
) -> int:
    try:
        caller = await principal_of(socket, token)
    except ApiProblem:
        return NOT_SIGNED_IN
    if not await _may(caller, permission, socket) or not _same_origin(socket, token):
        return NOT_ALLOWED
    seats: Seats = socket.app.state.seats
    try:
        seat = seats.take(caller.id)
    except NoSeatError:
        return TOO_MANY
    try:
        return await serve(caller)
    except SlowReaderError:
        return TRY_LATER
    except GoneError:
        return NOT_FOUND
    finally:
        seat.leave()


async def _may(caller: Principal, permission: Permission, socket: WebSocket) -> bool:
    if not caller.may(permission):
        await put_on_record(socket, lacking(caller, permission))
        return False
    return True


async def _serve_request(socket: WebSocket, caller: Principal, request_id: str) -> int:
    try:
        snapshot = await asyncio.to_thread(_snapshot, caller, request_id)
    except ApiProblem as problem:
        await put_on_record(socket, problem)
        return NOT_FOUND
    since = _since(socket)
    if since is None:
        await _send(socket, snapshot)
        since = int(snapshot["seq"])
    # One from the future would have it miss what comes.
    since = min(since, int(snapshot["seq"]))
    tower: Watchtower = socket.app.state.tower
    async with tower.watch(uuid.UUID(request_id), since) as watcher:
        if (cursor := socket.query_params.get("logs")) is None:
            return await relay(socket, watcher)
        return await _relay_with_log(socket, caller, watcher, cursor)


async def _relay_with_log(socket: WebSocket, caller: Principal, watcher: Watcher, cursor: str) -> int:
    """Send what the watcher gets with what the request's actions log, from where the cursor says."""
    room: LogRoom = socket.app.state.logs
    try:
        places, seat = cursor_places(cursor or None), room.seats.take(caller.id)
    except ApiProblem:
        return NOT_A_CURSOR
    except NoSeatError:
        return TOO_MANY
    reader = LogReader(
        caller=caller,
        request_id=str(watcher.request_id),
        wanted=Wanted(operator=caller.may(Permission.OPERATIONS_READ)),
        threads=room.threads,
        events=False,
    )
    try:
        async with telling(reader, places, socket.app.state.tower, watcher) as log:
            return await relay(socket, watcher, log)
    finally:
        seat.leave()


async def _serve_catalog(socket: WebSocket, caller: Principal) -> int:
    name = socket.query_params.get("catalog") or settings().default_catalog
    now = await asyncio.to_thread(read_snapshot, name)
    if now is None:
        return NOT_FOUND
    since = _since(socket)
    watcher = CatalogWatcher(name, caller)
    tower: CatalogTower = socket.app.state.catalog_tower
    async with tower.watch(watcher, seen=now["seq"]):
        # A number from the future is of a database that was replaced: it counts as now.
        watcher.seq = now["seq"] if since is None else min(since, now["seq"])
        if since is None or not await asyncio.to_thread(can_go_on, name, watcher.seq):
            await _send(socket, now)
            watcher.seq = now["seq"]
        while missed := await asyncio.to_thread(read_messages, {name: watcher.seq}):
            for message in watcher.catch_up(missed):
                await _send(socket, message)
        return await relay(socket, watcher)


async def relay(socket: WebSocket, watcher: MessageQueue, log: asyncio.Task[None] | None = None) -> int:
    """Send what the watcher gets, while noticing when the other side leaves; `end` follows the last of the log."""
    left = asyncio.create_task(_until_left(socket, watcher))
    try:
        while True:
            message = await _next(watcher)
            if message["type"] != "end":
                await _send(socket, message)
            elif log is None or (log.done() and not len(watcher)):
                await _send(socket, message)
                return ENDED
    except ReaderLeftError:
        raise WebSocketDisconnect from None
    finally:
        left.cancel()


async def _next(watcher: MessageQueue) -> Message:
    try:
        async with asyncio.timeout(PING_SECONDS):
            return await watcher.next()
    except TimeoutError:
        return {"type": "ping"}


async def _send(socket: WebSocket, message: Message) -> None:
    """Send a message; raises SlowReaderError where the other side takes none."""
    try:
        async with asyncio.timeout(SEND_SECONDS):
            await socket.send_json(message)
    except TimeoutError:
        raise SlowReaderError from None


async def _until_left(socket: WebSocket, watcher: MessageQueue) -> None:
    """Read until the other side closes; what it says is of no interest."""
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass
    watcher.leave()


def _snapshot(caller: Principal, request_id: str) -> Message:
    """The request as watchers were told of it last; the tower's next look brings what is newer, as changes."""
    with create_session(scoped=False) as session:
        request = stored_request(session, caller, request_id)
        rollback = rollback_of(session, [request]).get(request.id)
        shown: dict[str, Any] = answer(request, (), rollback).model_dump(mode="json", exclude={"timeline"})
        return {
            "type": "snapshot",
            "seq": request.event_seq,
            "at": utc_text(request.updated_at),
            "request_id": str(request.id),
            "status": request.status,
            "request": shown,
        }


def _since(socket: WebSocket) -> int | None:
    value = socket.query_params.get("since", "")
    # No request has that many events; Python refuses to read a number of thousands of digits.
    return int(value[:18]) if value.isascii() and value.isdigit() else None


def _offered_token(protocols: list[str]) -> str | None:
    """A browser can't set headers: it sends its token as a subprotocol, which is never answered."""
    return next((name.removeprefix("bearer.") for name in protocols if name.startswith("bearer.")), None)


def _same_origin(socket: WebSocket, token: str | None) -> bool:
    """A cookie is sent by a browser whoever opened the page, so where it signs in, the page must be of this host."""
    if token or sent_credential(socket):
        return True
    origin = socket.headers.get("origin")
    return origin is not None and urlsplit(origin).netloc == socket.headers.get("host")
