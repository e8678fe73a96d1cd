"""How many logs a process has open at once, for both ways to follow one: over HTTP, and with a request's WebSocket."""

from __future__ import annotations

from dataclasses import dataclass, field

from anyio import CapacityLimiter

from api_plugin.configuration import settings
from api_plugin.seats import Seats

THREADS = 4
"""Threads that read logs, so that a storage which hangs keeps no other call waiting."""


def _seats() -> Seats:
    return Seats(settings().max_open_logs, settings().max_open_logs_per_caller)


@dataclass(frozen=True, kw_only=True)
class LogRoom:
    """Made once for a process."""

    seats: Seats = field(default_factory=_seats)
    threads: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(THREADS))
