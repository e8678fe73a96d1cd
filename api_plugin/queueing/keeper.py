"""Keeps the queue moving: a thread in each API process, of which one at a time leads, lets start what may.

The one that holds a lock of PostgreSQL leads; it is free again the moment its process dies, and another one takes it.
It looks when it is told of a new request or of an end, and several times a second while anything waits, since a place
can become free without anybody telling: a person marks a run in Airflow's UI. Where no process does this, the reconcile
DAG does it, once a minute. Where nothing is limited there is no thread.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2
import structlog
from airflow import settings as airflow_settings
from airflow.utils.session import create_session
from sqlalchemy.exc import SQLAlchemyError

from api_plugin.queueing.admitting import admit_all
from api_plugin.queueing.limits import Limits
from api_plugin.store.notices import QUEUE, listening, ready

log = structlog.get_logger(__name__)

WHILE_WAITING = 0.25
"""Seconds between two looks while anything waits."""
REST = 0.02
"""Seconds from one look to the next at least: what many tell at the same time is looked at together."""
IDLE = 30.0
"""Seconds between two looks while nothing waits: they also find out that the connection is gone."""
AGAIN = 1.0
"""Seconds between two tries to lead."""
_LEADER = 0x70616F6C
"""The number of the leader's lock: `paol`."""


class QueueKeeper:
    """The thread."""

    def __init__(self, limits: Limits) -> None:
        """Let start what these limits allow."""
        self._limits = limits
        self._leading = threading.Event()

    @contextmanager
    def running(self) -> Iterator[QueueKeeper]:
        """Keep the queue moving while the block runs."""
        if not self._limits.any:
            yield self
            return
        woken, wake = os.pipe()
        thread = threading.Thread(target=self._run, args=(woken,), name="pao-queue", daemon=True)
        thread.start()
        try:
            yield self
        finally:
            os.close(wake)
            thread.join()
            os.close(woken)

    def wait_until_leading(self, seconds: float) -> bool:
        """Whether it came to lead within that time."""
        return self._leading.wait(seconds)

    def _run(self, woken: int) -> None:
        """Lead, or wait to, until the other end of the pipe is closed."""
        while True:
            try:
                with listening(airflow_settings.get_engine(), QUEUE) as connection:
                    if self._keep(connection, woken):
                        return
            except (SQLAlchemyError, psycopg2.Error, OSError) as error:
                log.warning("the queue is not looked at", error=str(error).partition("\n")[0])
            except Exception:
                log.exception("the queue is not looked at")
            self._leading.clear()
            if ready(AGAIN, woken):
                return

    def _keep(self, connection: Any, woken: int) -> bool:
        """True once it is to end; raises where the connection breaks."""
        while not _leads(connection):
            if ready(AGAIN, woken):
                return True
            _forget_news(connection)
        self._leading.set()
        while True:
            began = time.monotonic()
            wait = WHILE_WAITING if self._look() else IDLE
            # However long the queue is: no more than half of the time is spent on it.
            if ready(max(REST, time.monotonic() - began), woken):
                return True
            if woken in ready(wait, connection, woken):
                return True
            connection.cursor().execute("SELECT 1")
            _forget_news(connection)

    def _look(self) -> bool:
        """Let start what may; whether anything still waits."""
        with create_session(scoped=False) as session:
            done = admit_all(session, self._limits)
        if done.started:
            log.info("requests started from the queue", count=done.started, more_wait=done.waiting)
        return done.waiting


def _leads(connection: Any) -> bool:
    """Whether this connection has the lock now; it keeps it for as long as it is open."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", (_LEADER,))
        return bool(cursor.fetchone()[0])


def _forget_news(connection: Any) -> None:
    """What was told is looked at in any case."""
    connection.poll()
    connection.notifies.clear()
