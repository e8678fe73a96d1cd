"""Watches requests for WebSockets: one loop a process looks at all watched requests together, however many watch.

A watcher follows `pao.request_event` by its sequence, so that it can leave and come back without losing or repeating a
message, on any process. Airflow tells nobody what changes, so the loop asks; but one cheap question for all of them,
and only what changed since is derived anew.
"""

from __future__ import annotations

import asyncio
import random
import time
import uuid
from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal

from airflow.utils.session import create_session
from sqlalchemy import select
from sqlalchemy.orm import Session
from typing_extensions import override

from api_plugin.airflow_state import LEFT
from api_plugin.clock import utc_now, utc_text
from api_plugin.datamodels.requests import QueueAnswer
from api_plugin.projection import bring_up_to_date
from api_plugin.queueing.standing import Standings
from api_plugin.status_views import ENDED
from api_plugin.store.requests import Request, RequestEvent
from api_plugin.store.watched import Mark, read_marks
from api_plugin.watch_loop import Message, MessageQueue, WatchLoop

BATCH = 100
"""Requests that are brought up to date in one transaction, so that none is locked for long."""
ANYWAY_SECONDS = 10.0
"""After so long, or up to twice that, so that not all of them are due at once, a request is derived anew though nothing
changed: what time alone decides is seen by then."""
BY_TIME: frozenset[str] = frozenset({"cancelling"})
"""Statuses that end by themselves after a while: derived in each look."""


class Watcher(MessageQueue):
    """One reader of one request's messages."""

    def __init__(self, request_id: uuid.UUID, since: int) -> None:
        """Follow the request from after event `since`."""
        super().__init__()
        self.request_id = request_id
        self.seq = since
        self._place: QueueAnswer | None = None

    def tell(self, message: Message, after: int) -> None:
        """Hand over a message that it has not got; never waits.

        `after` is from where on they were read: who came meanwhile, and has less, gets all of them in the next look.
        """
        if self.seq >= after and (message["seq"] > self.seq or message["type"] == "end"):
            self.seq = max(self.seq, message["seq"])
            self.offer(message)

    def tell_place(self, place: QueueAnswer | None) -> None:
        """Hand over where the request stands in the queue, where that has changed; it is no event of the request's."""
        if place == self._place:
            return
        self._place = place
        shown = place.model_dump(mode="json") if place is not None else None
        self.offer(
            {
                "type": "queue",
                "seq": self.seq,
                "at": utc_text(utc_now()),
                "request_id": str(self.request_id),
                "queue": shown,
            }
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Known:
    """How a request stood when it was derived last."""

    of_airflow: tuple[int, Decimal]
    due: float
    """When it is derived anew, though nothing changed."""


def _known(mark: Mark, now: float) -> _Known:
    due = now + ANYWAY_SECONDS * (1 + random.random())  # noqa: S311 - no secret
    return _Known(of_airflow=mark.of_airflow, due=due)


class Watchtower(WatchLoop[uuid.UUID, Watcher]):
    """The loop with its watchers."""

    def __init__(self, interval: float, standings: Standings | None = None) -> None:
        """Look every `interval` seconds while anyone watches, and at the queue as often as the standings are read."""
        super().__init__(interval)
        self._known: dict[uuid.UUID, _Known] = {}
        self._standings = standings or Standings()

    @asynccontextmanager
    async def watch(self, request_id: uuid.UUID, since: int) -> AsyncIterator[Watcher]:
        """Follow a request from after event `since`."""
        watcher = Watcher(request_id, since)
        async with self._watching(request_id, watcher):
            yield watcher

    @override
    async def look(self) -> None:
        now = time.monotonic()
        watched = list(self._watchers)
        marks = await asyncio.to_thread(_marks, watched)
        self._let_go(request_id for request_id in watched if request_id not in marks)
        self._known = {request_id: known for request_id, known in self._known.items() if request_id in marks}
        changed = [request_id for request_id, mark in marks.items() if self._is_due(request_id, mark, now)]
        behind = self._behind(marks.keys() - set(changed))
        self._tell(await asyncio.to_thread(read_messages, behind, marks), behind)
        for start in range(0, len(changed), BATCH):
            behind = self._behind(changed[start : start + BATCH])
            derived, messages = await asyncio.to_thread(derive_messages, behind)
            self._known |= {request_id: _known(marks[request_id], now) for request_id in derived}
            self._tell(messages, behind)
        await self._tell_places([request_id for request_id, mark in marks.items() if mark.status == "queued"])

    async def _tell_places(self, queued: Collection[uuid.UUID]) -> None:
        """Tell the watchers of queued requests where these stand now."""
        places = await asyncio.to_thread(_places, self._standings, queued) if queued else {}
        for request_id, place in places.items():
            for watcher in self._watchers.get(request_id, set()).copy():
                watcher.tell_place(place)

    def _let_go(self, deleted: Iterable[uuid.UUID]) -> None:
        """Tell the watchers of requests that were there when they came that these are there no more."""
        for request_id in deleted:
            for watcher in self._watchers.get(request_id, set()).copy():
                watcher.gone()

    def _is_due(self, request_id: uuid.UUID, mark: Mark, now: float) -> bool:
        known = self._known.get(request_id)
        if known is None or mark.status in BY_TIME:
            return True
        return known.of_airflow != mark.of_airflow or now > known.due

    def _behind(self, ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, int]:
        """From where on the watchers of these requests are to be told."""
        return {
            request_id: min(watcher.seq for watcher in watchers)
            for request_id in ids
            if (watchers := self._watchers.get(request_id))
        }

    def _tell(self, messages: Iterable[Message], behind: Mapping[uuid.UUID, int]) -> None:
        for message in messages:
            request_id = uuid.UUID(message["request_id"])
            for watcher in self._watchers.get(request_id, set()).copy():
                watcher.tell(message, behind[request_id])


def _marks(ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Mark]:
    with create_session(scoped=False) as session:
        return read_marks(session, ids, LEFT)


def _places(standings: Standings, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, QueueAnswer | None]:
    with create_session(scoped=False) as session:
        return standings.of_all(session, ids)


def derive_messages(behind: Mapping[uuid.UUID, int]) -> tuple[set[uuid.UUID], list[Message]]:
    """Bring these requests up to date; which of them could be, and what happened to them after these events.

    One that somebody else is bringing up to date is left to them: what they saw may be older than what was asked for.
    """
    with create_session(scoped=False) as session:
        free = select(Request.id).where(Request.id.in_(behind)).order_by(Request.id).with_for_update(skip_locked=True)
        derived = set(session.scalars(free))
        requests = bring_up_to_date(session, behind, wait=False)
        session.commit()
        return derived, _messages(session, requests, behind)


def read_messages(behind: Mapping[uuid.UUID, int], marks: Mapping[uuid.UUID, Mark]) -> list[Message]:
    """What happened to these requests after these events, as it is stored: for who comes, and comes back."""
    news = [request_id for request_id, seq in behind.items() if _is_news(marks[request_id], seq)]
    if not news:
        return []
    with create_session(scoped=False) as session:
        return _messages(session, session.scalars(select(Request).where(Request.id.in_(news))).all(), behind)


def _is_news(mark: Mark, seq: int) -> bool:
    return mark.event_seq > seq or mark.status in ENDED


def _messages(session: Session, requests: Iterable[Request], behind: Mapping[uuid.UUID, int]) -> list[Message]:
    """Events in order, and `end` after the last of a request that is over."""
    found = {request.id: request for request in requests}
    news = [(request.id, behind[request.id]) for request in found.values() if request.event_seq > behind[request.id]]
    events: list[RequestEvent] = []
    if news:
        first = min(seq for _, seq in news)
        rows = session.scalars(
            select(RequestEvent)
            .where(RequestEvent.request_id.in_([request_id for request_id, _ in news]), RequestEvent.seq > first)
            .order_by(RequestEvent.request_id, RequestEvent.seq)
        )
        events = [row for row in rows if row.seq > behind[row.request_id]]
    # An event that was appended after the request was read comes with the next look.
    told = [event_message(event) for event in events if event.seq <= found[event.request_id].event_seq]
    return told + [end_message(request) for request in found.values() if request.status in ENDED]


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
