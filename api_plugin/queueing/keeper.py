"""Keeps the queue moving: a thread in each API process, of which one at a time leads, lets start what may.

It looks when it is told of a new request or of an end, and several times a second while anything waits, since a place
can become free without anybody telling: a person marks a run in Airflow's UI. Where no process does this, the reconcile
DAG does it, once a minute. Where nothing is limited there is no thread.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

import structlog
from airflow.utils.session import create_session

from api_plugin.queueing.admitting import admit_all
from api_plugin.queueing.limits import Limits
from api_plugin.store.leading import Leader
from api_plugin.store.listener import CHECK_SECONDS, Line
from api_plugin.store.notices import QUEUE

log = structlog.get_logger(__name__)

WHILE_WAITING = 0.25
"""Seconds between two looks while anything waits."""
REST = 0.02
"""Seconds from one look to the next at least: what many tell at the same time is looked at together."""


class QueueKeeper(Leader):
    """The thread."""

    channel = QUEUE
    thread = "pao-queue"
    lost = "the queue is not looked at"
    lock = 0x70616F6C
    """`paol`."""

    def __init__(self, limits: Limits) -> None:
        """Let start what these limits allow."""
        super().__init__()
        self._limits = limits

    @contextmanager
    def running(self) -> Iterator[Self]:
        """Keep the queue moving while the block runs."""
        if not self._limits.any:
            yield self
            return
        with super().running():
            yield self

    def lead(self, line: Line) -> None:
        """Let start what may, whenever it may."""
        while True:
            began = time.monotonic()
            wait = WHILE_WAITING if self._look() else CHECK_SECONDS
            # However long the queue is: no more than half of the time is spent on it.
            line.rest(max(REST, time.monotonic() - began))
            line.wait(wait)

    def _look(self) -> bool:
        """Let start what may; whether anything still waits."""
        with create_session(scoped=False) as session:
            done = admit_all(session, self._limits)
        if done.started:
            log.info("requests started from the queue", count=done.started, more_wait=done.waiting)
        return done.waiting
