"""The secrets that git hosts share with this deployment, from Airflow's connections."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from airflow.models.connection import Connection
from airflow.sdk.exceptions import AirflowNotFoundException
from anyio import to_thread

REMEMBERED = 10.0
"""Seconds for which a process trusts what it looked up, so that a wave of calls asks the secrets backend once."""
OLD_SECRET = "old_secret"  # noqa: S105 - the key of one
"""The key in a connection's extra whose value is good too, while a host is given a new secret."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Known:
    until: float
    secrets: tuple[str, ...]


def secrets_of(connection_id: str) -> tuple[str, ...]:
    """The secrets of a connection: its password, and an older one that is still good. None where there is no such."""
    try:
        connection = Connection.get_connection_from_secrets(connection_id)
    except AirflowNotFoundException:
        return ()
    found = (connection.password, connection.extra_dejson.get(OLD_SECRET))
    return tuple(secret for secret in found if isinstance(secret, str) and secret)


class WebhookSecrets:
    """Secrets by connection, each looked up when it is asked for. For one event loop."""

    def __init__(self, seconds: float = REMEMBERED, look_up: Callable[[str], tuple[str, ...]] = secrets_of) -> None:
        """Remember each for so many seconds; `look_up` may block."""
        self._seconds = seconds
        self._look_up = look_up
        self._known: dict[str, _Known] = {}

    async def of(self, connection_id: str) -> tuple[str, ...]:
        """The secrets of a connection, at most so many seconds old; none where it is not configured."""
        known = self._known.get(connection_id)
        now = time.monotonic()
        if known is None or known.until <= now:
            secrets = await to_thread.run_sync(self._look_up, connection_id)
            known = self._known[connection_id] = _Known(until=now + self._seconds, secrets=secrets)
        return known.secrets
