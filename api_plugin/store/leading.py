"""A thread in each of several processes, of which one at a time does the work: the one that holds a lock of PostgreSQL.

The lock is free again the moment its holder's connection ends, also where its process was killed.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

from api_plugin.store.listener import Line, Listener


class Leader(Listener):
    """The thread; what it does while it leads is told by `lead`."""

    lock: ClassVar[int]
    """The number of its lock."""
    again: ClassVar[Sequence[float]] = (1.0,)
    """Between tries to lead as well."""

    def listen(self, line: Line) -> None:
        """Wait to lead, and then lead."""
        while not _leads(line.connection, self.lock):
            line.rest(self.again[0])
            # What was told meanwhile is for the one that leads.
            line.wait(0)
        self.is_at_work()
        self.lead(line)

    @abstractmethod
    def lead(self, line: Line) -> None:
        """Do the work for as long as the line is up; returning ends the thread."""


def _leads(connection: Any, lock: int) -> bool:
    """Whether this connection of the driver has the lock now; it keeps it for as long as it is open."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", (lock,))
        return bool(cursor.fetchone()[0])
