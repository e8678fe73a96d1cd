"""Stores the logs of triggers that ended, many at a time, where `[logging] remote_logging` keeps logs elsewhere.

They are stored before the events are dealt with, so that whoever reads the log of an action that has ended finds all of
it. Airflow's own supervisor stores one after the other, and does nothing else meanwhile.
"""

from __future__ import annotations

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor

import structlog
from airflow.jobs.triggerer_job_runner import TriggerLoggingFactory
from airflow.sdk.log import load_remote_log_handler

log = structlog.get_logger(__name__)

AT_ONCE = 16
"""Logs that are stored at the same time; a store answers in 20 to 200 ms, whatever else it is asked."""


class StoredLogs:
    """Stores logs, and closes them."""

    def __init__(self) -> None:
        """Threads begin with the first log that is stored elsewhere."""
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="pao-logs")

    def store(self, logs: Collection[TriggerLoggingFactory]) -> None:
        """Return when all of them are stored; one that can't be is told of, and stays on this machine's disk."""
        each = self._pool.map if len(logs) > 1 and load_remote_log_handler() is not None else map
        for _ in each(_store, logs):
            pass


def _store(one: TriggerLoggingFactory) -> None:
    try:
        one.upload_to_remote()
    except Exception:
        log.exception("a trigger's log could not be stored", path=one.log_path)
    finally:
        one.close()
