"""Hears the news that the API tells, and hands its names on: used by the triggerer's supervisor, which has a database.

One thread waits on PostgreSQL's LISTEN. A connection that breaks is made anew, and what was told meanwhile is lost:
whoever waits for news also looks from time to time.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2
import structlog
from airflow import settings as airflow_settings
from sqlalchemy.exc import SQLAlchemyError

from api_plugin.store.notices import SIGNALS, listening, ready

log = structlog.get_logger(__name__)

CHECK_SECONDS = 30.0
"""After so long without news, the connection is tried: one that broke silently would wait for ever."""
AGAIN_SECONDS = (0.5, 1.0, 2.0, 5.0, 10.0)
"""Between tries to connect: the first after the first failure, the last after all that follow."""


class SignalListener:
    """The thread, and what takes the names that it hears."""

    def __init__(self, take: Callable[[str], None]) -> None:
        """`take` is called in the thread; an `OSError` of it ends the listening: nobody is left to tell."""
        self._take = take
        self._listening = threading.Event()

    @contextmanager
    def running(self) -> Iterator[SignalListener]:
        """Listen while the block runs."""
        woken, wake = os.pipe()
        thread = threading.Thread(target=self._run, args=(woken,), name="pao-signals", daemon=True)
        thread.start()
        try:
            yield self
        finally:
            os.close(wake)
            thread.join(timeout=5)
            os.close(woken)

    def wait_until_listening(self, seconds: float) -> bool:
        """Whether it came to listen within that time."""
        return self._listening.wait(seconds)

    def _run(self, woken: int) -> None:
        """Listen until the other end of the pipe is closed."""
        failures = 0
        while True:
            try:
                with listening(airflow_settings.get_engine(), SIGNALS) as connection:
                    failures = 0
                    self._listening.set()
                    self._listen(connection, woken)
                    return
            except (SQLAlchemyError, psycopg2.Error, OSError) as error:
                log.warning("signals not listened to", error=str(error).partition("\n")[0])
            except Exception:
                # Those who wait go on by themselves.
                log.exception("signals not listened to")
            self._listening.clear()
            if ready(AGAIN_SECONDS[min(failures, len(AGAIN_SECONDS) - 1)], woken):
                return
            failures += 1

    def _listen(self, connection: Any, woken: int) -> None:
        """Return once it is to end, or nobody is left to tell; raises where the connection breaks."""
        while True:
            found = ready(CHECK_SECONDS, connection, woken)
            if woken in found:
                return
            if not found:
                connection.cursor().execute("SELECT 1")
            connection.poll()
            # A wave of news of one thing wakes once.
            names = dict.fromkeys(notice.payload for notice in connection.notifies)
            connection.notifies.clear()
            if not self._taken(names):
                return

    def _taken(self, names: Iterable[str]) -> bool:
        try:
            for name in names:
                self._take(name)
        except OSError:
            return False
        return True
