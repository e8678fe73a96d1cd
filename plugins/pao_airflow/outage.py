"""A database that is away: what needs it is put off for a moment, instead of ending the process and all its actions."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

log = structlog.get_logger(__name__)

AGAIN_SECONDS = 1.0
"""Seconds until the database is tried again."""
AWAY = ("08", "53", "57P")
"""How PostgreSQL's codes begin that say it can't serve now: connections, resources, an operator's shutdown or start
(https://www.postgresql.org/docs/current/errcodes-appendix.html)."""


def is_away(error: DBAPIError) -> bool:
    """Whether the database can't be had, rather than that it refused this statement, as for a deadlock."""
    code = getattr(error.orig, "pgcode", None)
    return isinstance(error, InterfaceError) or code is None or str(code).startswith(AWAY)


class Outage:
    """Whether the database was away a moment ago; for one thread."""

    def __init__(self) -> None:
        """It is there."""
        self._until = 0.0

    @property
    def rest(self) -> float:
        """Seconds until it is worth a try; 0 where it was not away."""
        return max(self._until - time.monotonic(), 0.0)

    @contextmanager
    def survived(self) -> Iterator[None]:
        """Do the block; where it fails because of the database, it is done again later."""
        try:
            yield
        except (OperationalError, InterfaceError) as error:
            self._until = time.monotonic() + AGAIN_SECONDS
            log.warning("the database did not do it; it is tried again", error=str(error).partition("\n")[0])
