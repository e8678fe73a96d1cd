"""A thread that listens to PostgreSQL's NOTIFY, and connects again whenever its connection breaks.

What was told while there was no connection is lost: whoever listens also looks by itself, when it begins and from time
to time.
"""

from __future__ import annotations

import os
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar, Self

import psycopg2
import structlog
from airflow import settings as airflow_settings
from sqlalchemy.exc import SQLAlchemyError

from api_plugin.store.notices import listening, ready

log = structlog.get_logger(__name__)

CHECK_SECONDS = 30.0
"""After so long without a notice the connection is tried: one that broke silently would wait for ever."""
_END_SECONDS = 10.0
"""For so long the end of the thread is waited for."""


class _EndError(Exception):
    """The thread is to end."""


class Line:
    """The thread's connection, together with what tells the thread to end. All its waiting is done here."""

    def __init__(self, connection: Any, woken: int) -> None:
        """Wait for notices on a connection of the driver, and for the other end of a pipe to be closed."""
        self.connection = connection
        self._woken = woken

    def wait(self, seconds: float) -> Sequence[str]:
        """What was told, each thing once, as soon as there is anything; after so long without, try the connection."""
        # What came while something else was asked has been read from the socket.
        found = ready(0 if self.connection.notifies else seconds, self.connection, self._woken)
        self._end_if(self._woken in found)
        if not found:
            with self.connection.cursor() as cursor:
                cursor.execute("SELECT 1")
        self.connection.poll()
        told = list(dict.fromkeys(notice.payload for notice in self.connection.notifies))
        self.connection.notifies.clear()
        return told

    def rest(self, seconds: float) -> None:
        """Hear nothing for so long."""
        self._end_if(bool(ready(seconds, self._woken)))

    def _end_if(self, over: bool) -> None:  # noqa: FBT001 - it reads as the sentence that it is
        if over:
            raise _EndError


class Listener(ABC):
    """The thread; what it does is told by `listen`."""

    channel: ClassVar[str]
    thread: ClassVar[str]
    """Its name."""
    lost: ClassVar[str]
    """What the log says where the connection breaks."""
    again: ClassVar[Sequence[float]]
    """Seconds between tries to connect: the first after the first failure, the last after all that follow."""

    def __init__(self) -> None:
        """Nothing is connected yet."""
        self._at_work = threading.Event()

    @abstractmethod
    def listen(self, line: Line) -> None:
        """Listen for as long as the line is up, and call `is_at_work` once it does; returning ends the thread."""

    def is_at_work(self) -> None:
        """Let those know that wait for it."""
        self._at_work.set()

    def wait_until_at_work(self, seconds: float) -> bool:
        """Whether it came to be at work within that time."""
        return self._at_work.wait(seconds)

    @contextmanager
    def running(self) -> Iterator[Self]:
        """Listen while the block runs."""
        woken, wake = os.pipe()
        thread = threading.Thread(target=self._run, args=(woken,), name=self.thread, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            os.close(wake)
            thread.join(_END_SECONDS)
            if not thread.is_alive():
                os.close(woken)

    def _run(self, woken: int) -> None:
        failures = 0
        while True:
            try:
                with listening(airflow_settings.get_engine(), self.channel) as connection:
                    failures = 0
                    self.listen(Line(connection, woken))
                    return
            except _EndError:
                return
            except (SQLAlchemyError, psycopg2.Error, OSError) as error:
                log.warning(self.lost, error=str(error).partition("\n")[0])
            except Exception:
                # Whoever is told nothing looks by itself, less often.
                log.exception(self.lost)
            self._at_work.clear()
            if ready(self.again[min(failures, len(self.again) - 1)], woken):
                return
            failures += 1
