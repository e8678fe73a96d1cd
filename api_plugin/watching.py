"""Watches requests for WebSockets: one loop a process looks at all watched requests together, however many watch.

A watcher follows `pao.request_event` by its sequence, so that it can leave and come back without losing or repeating a
message, on any process.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from airflow.utils.session import create_session
from sqlalchemy import select
from typing_extensions import override

from api_plugin.clock import utc_text
from api_plugin.projection import bring_up_to_date
from api_plugin.status import ENDED
from api_plugin.store.requests import Request, RequestEvent
from api_plugin.watch_loop import Message, MessageQueue, WatchLoop


class Watcher(MessageQueue):
    """One reader of one request's messages."""

    def __init__(self, request_id: uuid.UUID, since: int) -> None:
        """Follow the request from after event `since`."""
        super().__init__()
        self.request_id = request_id
        self.seq = since


class Watchtower(WatchLoop[uuid.UUID, Watcher]):
    """The loop with its watchers."""

    @asynccontextmanager
    async def watch(self, request_id: uuid.UUID, since: int) -> AsyncIterator[Watcher]:
        """Follow a request from after event `since`."""
        watcher = Watcher(request_id, since)
        async with self._watching(request_id, watcher):
            yield watcher

    @override
    async def _look(self) -> None:
        behind = {request_id: min(w.seq for w in watchers) for request_id, watchers in self._watchers.items()}
        for message in await asyncio.to_thread(read_messages, behind):
            for watcher in self._watchers.get(uuid.UUID(message["request_id"]), set()).copy():
                if message["seq"] > watcher.seq or message["type"] == "end":
                    watcher.seq = message["seq"]
                    watcher.offer(message)


def read_messages(behind: dict[uuid.UUID, int]) -> list[Message]:
    """What happened to these requests after these events, in order; `end` after the last of one that is over."""
    with create_session() as session:
        requests = bring_up_to_date(session, behind, wait=False)
        session.commit()
        news = [request.id for request in requests if request.event_seq > behind[request.id]]
        events = session.scalars(
            select(RequestEvent)
            .where(RequestEvent.request_id.in_(news))
            .order_by(RequestEvent.request_id, RequestEvent.seq)
        ).all()
        messages = [event_message(event) for event in events if event.seq > behind[event.request_id]]
        return messages + [end_message(request) for request in requests if request.status in ENDED]


def event_message(event: RequestEvent) -> Message:
    """An event as watchers get it."""
    return {
        "type": event.type,
        "seq": event.seq,
        "at": utc_text(event.at),
        "request_id": str(event.request_id),
        **event.data,
    }


def end_message(request: Request) -> Message:
    """The last message: nothing more happens by itself."""
    return {
        "type": "end",
        "seq": request.event_seq,
        "at": utc_text(request.ended_at or request.updated_at),
        "request_id": str(request.id),
        "status": request.status,
    }
