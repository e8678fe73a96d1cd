"""Tells the API of breakers that change, for health and metrics: beside the calls, which never wait for it.

Reports may get lost where the API is away for long; a breaker that is open is told again each time it is tried.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context

import structlog
from pao_actions.clock import SYSTEM_CLOCK

from api_plugin.client import ApiError
from catalog_compiler.actions import Clock
from catalog_compiler.settings import PaoSettings
from pao_airflow.breaker import Change
from pao_airflow.lookups import AirflowConnections
from pao_airflow.service import client_of

log = structlog.get_logger(__name__)

PAUSES = (1.0, 5.0, 20.0, 60.0)
"""Seconds before each further try of a report that did not get through."""
SHARED = "shared"
"""Tells in the place of a process where processes share their breakers."""

Send = Callable[[Sequence[Change]], Awaitable[None]]


class BreakerReports:
    """The reports of one event loop: of each target only the newest change is told."""

    def __init__(self, send: Send, *, clock: Clock = SYSTEM_CLOCK) -> None:
        """Tell by `send`."""
        self._send = send
        self._clock = clock
        self._due: dict[str, Change] = {}
        self._sending: asyncio.Task[None] | None = None

    def tell(self, change: Change) -> None:
        """Have it told soon; called on the event loop."""
        self._due[change.target] = change
        if self._sending is None or self._sending.done():
            # Its own context: it is no part of the action whose call changed the breaker.
            self._sending = asyncio.get_running_loop().create_task(self._tell_all(), context=Context())

    async def _tell_all(self) -> None:
        pauses = iter(PAUSES)
        while self._due:
            changes, self._due = list(self._due.values()), {}
            try:
                await self._send(changes)
            except (ApiError, LookupError) as error:
                pause = next(pauses, None)
                log.warning("breakers not reported", targets=len(changes), error=str(error), again_in_seconds=pause)
                if pause is None:
                    return
                # What changed since is newer.
                self._due = {change.target: change for change in changes} | self._due
                await self._clock.sleep(pause)


def reports(settings: PaoSettings) -> BreakerReports:
    """Those that go to this deployment's API."""
    process = socket.gethostname() if settings.redis_url is None else SHARED

    async def send(changes: Sequence[Change]) -> None:
        connection = await AirflowConnections().get(settings.service_connection)
        told = [
            {"target": each.target, "state": each.state, "at": each.at.isoformat(), "failures": each.failures}
            for each in changes
        ]

        def post() -> None:
            with client_of(connection) as client:
                client.note_breakers(process, told)

        await asyncio.to_thread(post)

    return BreakerReports(send)
