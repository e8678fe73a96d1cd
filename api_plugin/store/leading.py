"""Which process of several does what one alone shall do: the one that holds a lock of PostgreSQL.

The lock is free again the moment its holder's connection ends, also where its process was killed.
"""

from __future__ import annotations

from typing import Any


def leads(connection: Any, lock: int) -> bool:
    """Whether this connection of the driver has the lock now; it keeps it for as long as it is open."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", (lock,))
        return bool(cursor.fetchone()[0])
