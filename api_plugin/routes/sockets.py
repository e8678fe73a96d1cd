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
from api_plugin.principals import Principal, principal_of, sent_credential
from api_plugin.projection import rollback_of
from api_plugin.request_answers import answer
from api_plugin.routes.requests import visible_request
from api_plugin.watch_loop import Message, MessageQueue, SlowReaderError
from api_plugin.watching import Watchtower

router = APIRouter(tags=["watching"])

PROTOCOL = "pao.v1"
PING_SECONDS = 20.0
NOT_SIGNED_IN, NOT_ALLOWED, NOT_FOUND, TRY_LATER, ENDED = 4401, 4403, 4404, 1013, 1000


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
            with suppress(RuntimeError, WebSocketDisconnect):
                await socket.close(code)


async def _admit(
    socket: WebSocket, token: str | None, permission: Permission, serve: Callable[[Principal], Awaitable[int]]
) -> int:
    try:
        caller = await principal_of(socket, token)
    except ApiProblem:
        return NOT_SIGNED_IN
    if not caller.may(permission) or not _same_origin(socket, token):
        return NOT_ALLOWED
    return await serve(caller)


async def _serve_request(socket: WebSocket, caller: Principal, request_id: str) -> int:
    try:
        snapshot = await asyncio.to_thread(_snapshot, caller, request_id)
    except ApiProblem:
        return NOT_FOUND
    since = _since(socket)
    if since is None:
        await socket.send_json(snapshot)
        since = int(snapshot["seq"])
    tower: Watchtower = socket.app.state.tower
    async with tower.watch(uuid.UUID(request_id), since) as watcher:
        return await _relay(socket, watcher)


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
            await socket.send_json(now)
            watcher.seq = now["seq"]
        while missed := await asyncio.to_thread(read_messages, {name: watcher.seq}):
            for message in watcher.catch_up(missed):
                await socket.send_json(message)
        return await _relay(socket, watcher)


async def _relay(socket: WebSocket, watcher: MessageQueue) -> int:
    """Send what the watcher gets, while noticing when the other side leaves."""
    left = asyncio.create_task(_until_left(socket))
    try:
        while True:
            news = asyncio.create_task(watcher.next())
            done, _ = await asyncio.wait({news, left}, timeout=PING_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            if left in done:
                news.cancel()
                raise WebSocketDisconnect
            if not done:
                news.cancel()
                await socket.send_json({"type": "ping"})
                continue
            message = news.result()
            await socket.send_json(message)
            if message["type"] == "end":
                return ENDED
    except SlowReaderError:
        return TRY_LATER
    finally:
        left.cancel()


async def _until_left(socket: WebSocket) -> None:
    """Read until the other side closes; what it says is of no interest."""
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass


def _snapshot(caller: Principal, request_id: str) -> Message:
    with create_session() as session:
        request = visible_request(session, caller, request_id)
        session.commit()
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
    return int(value) if value.isascii() and value.isdigit() else None


def _offered_token(protocols: list[str]) -> str | None:
    """A browser can't set headers: it sends its token as a subprotocol, which is never answered."""
    return next((name.removeprefix("bearer.") for name in protocols if name.startswith("bearer.")), None)


def _same_origin(socket: WebSocket, token: str | None) -> bool:
    """A cookie is sent by a browser whoever opened the page, so where it signs in, the page must be of this host."""
    if token or sent_credential(socket):
        return True
    origin = socket.headers.get("origin")
    return origin is not None and urlsplit(origin).netloc == socket.headers.get("host")
