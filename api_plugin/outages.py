"""Tells failures of the database that pass from those that do not: for problem responses, sign-in and reconciling."""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError


def database_away(error: Exception) -> bool:
    """Whether there is no connection to the database: none was made or free, or it broke."""
    if isinstance(error, PoolTimeoutError):
        return True
    if not isinstance(error, DBAPIError):
        return False
    # The server gives a code to each error that it tells; one without is the driver's, which got no answer.
    unanswered = isinstance(error, OperationalError) and getattr(error.orig, "pgcode", None) is None
    return error.connection_invalidated or unanswered


def may_pass(error: Exception) -> bool:
    """Whether the same call may succeed in a moment: the database is away, or a deadlock or its load ended the call."""
    return database_away(error) or isinstance(error, OperationalError)
