"""Where waiting requests stand, for whoever asks: the queue is read at most once a second in each process."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterable, Mapping

from sqlalchemy.orm import Session

from api_plugin.datamodels.requests import QueueAnswer
from api_plugin.queueing.deciding import Place, places
from api_plugin.queueing.holding import configured
from api_plugin.queueing.limits import Counted, Limits
from api_plugin.queueing.reading import read_queue
from api_plugin.store.requests import Request

FRESH_SECONDS = 1.0
"""For so long what was read is told again."""


class Standings:
    """The places of all waiting requests, as they were a moment ago. Thread-safe."""

    def __init__(self, seconds: float = FRESH_SECONDS) -> None:
        """Remember them for so many seconds."""
        self._seconds = seconds
        self._lock = threading.Lock()
        self._read_at = float("-inf")
        self._places: Mapping[uuid.UUID, Place] = {}

    def of(self, session: Session, request: Request) -> QueueAnswer | None:
        """Where a request stands; None where it waits for no turn, or where it is its turn."""
        limits = configured()
        if request.status != "queued" or not limits.any:
            return None
        place = self._now(session, limits).get(request.id)
        return queue_answer(place) if place is not None else None

    def of_all(self, session: Session, ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, QueueAnswer | None]:
        """Where these queued requests stand; nothing where nobody waits for a turn."""
        limits = configured()
        if not limits.any:
            return {}
        found = self._now(session, limits)
        return {each: queue_answer(found[each]) if each in found else None for each in ids}

    def _now(self, session: Session, limits: Limits) -> Mapping[uuid.UUID, Place]:
        with self._lock:
            if time.monotonic() - self._read_at >= self._seconds:
                queue = read_queue(session, limits)
                self._places = places(limits, queue.running, queue.waiting, queue.turns)
                self._read_at = time.monotonic()
            return self._places


def queue_answer(place: Place) -> QueueAnswer:
    """A place as people are told of it."""
    return QueueAnswer(
        position=place.position,
        length=place.length,
        limit=place.counted.kind,
        message=f"number {place.position} of {place.length} that wait until {_what(place.counted)}",
    )


def _what(counted: Counted) -> str:
    match counted.kind:
        case "platform":
            return "one of all running requests ends"
        case "user":
            return "one of the requester's own running requests ends"
        case "item":
            return "a running request of this item ends"
        case "action_type":
            return f"a running request with an action of type {counted.name} ends"
