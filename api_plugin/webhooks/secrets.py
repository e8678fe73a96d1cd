"""The secrets that git hosts share with this deployment, from Airflow's connections."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from airflow.configuration import ensure_secrets_loaded
from airflow.models.connection import Connection
from anyio import to_thread

log = structlog.get_logger(__name__)

REMEMBERED = 10.0
"""Seconds for which a process trusts what it looked up, so that a wave of calls asks the secrets backend once."""
AWAY_REMEMBERED = 2.0
"""Seconds for which it does not ask a secrets backend again that could not tell."""
MANY = 256
"""Connections that are known at once. More are asked for only by somebody who makes names up."""
OLD_SECRET = "old_secret"  # noqa: S105 - the key of one
"""The key in a connection's extra whose value is good too, while a host is given a new secret."""

Secrets = tuple[str, ...] | None
"""Those of a connection, none where there is no such connection; None where that could not be found out."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Known:
    until: float
    secrets: Secrets


def secrets_of(connection_id: str) -> Secrets:
    """The secrets of a connection: its password, and an older one that is still good.

    Asks Airflow's secrets backends in their order, as Airflow does, but does not take one that fails for one that has
    nothing.
    """
    asked = True
    for backend in ensure_secrets_loaded():
        try:
            connection = backend.get_connection(conn_id=connection_id)
        except Exception as error:  # noqa: BLE001 - of whatever kind a backend's are
            # Its words are left out: they may quote what it read.
            log.warning(
                "webhook secret not read",
                connection_id=connection_id, backend=type(backend).__name__, error=type(error).__name__,
            )  # fmt: skip
            asked = False
            continue
        if connection is not None:
            return _secrets_in(connection)
    return () if asked else None


def _secrets_in(connection: Connection) -> tuple[str, ...]:
    found = (connection.password, connection.extra_dejson.get(OLD_SECRET))
    return tuple(secret for secret in found if isinstance(secret, str) and secret)


class WebhookSecrets:
    """Secrets by connection, each looked up when it is asked for. For one event loop."""

    def __init__(self, seconds: float = REMEMBERED, look_up: Callable[[str], Secrets] = secrets_of) -> None:
        """Remember each for so many seconds; `look_up` may block."""
        self._seconds = seconds
        self._look_up = look_up
        self._known: dict[str, _Known] = {}
        self._asking: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def of(self, connection_id: str) -> Secrets:
        """The secrets of a connection, at most so many seconds old.

        One look-up of each goes on at a time: anyone may call, and a backend that hangs must not take every thread.
        """
        async with self._asking[connection_id]:
            known = self._known.get(connection_id)
            now = time.monotonic()
            if known is None or known.until <= now:
                secrets = await to_thread.run_sync(self._look_up, connection_id)
                kept = min(self._seconds, AWAY_REMEMBERED) if secrets is None else self._seconds
                self._forget_many()
                known = self._known[connection_id] = _Known(until=time.monotonic() + kept, secrets=secrets)
            return known.secrets

    def _forget_many(self) -> None:
        if len(self._known) >= MANY:
            self._known.clear()
            for connection_id in [name for name, lock in self._asking.items() if not lock.locked()]:
                del self._asking[connection_id]
