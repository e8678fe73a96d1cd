"""How many runs of a DAG are at work, as Airflow counts them against the most that may be."""

from __future__ import annotations

import threading
import time

from airflow.models.dagrun import DagRun
from airflow.utils.state import DagRunState
from sqlalchemy import func, select
from sqlalchemy.orm import Session

FRESH_SECONDS = 1.0
"""For so long a count is used again, with what this process let start since: where many are submitted at once, counting
anew for each would take a part of all their time. Other processes may let a few too many start meanwhile."""


class ActiveRuns:
    """Counts by DAG, for one process. Thread-safe."""

    def __init__(self, seconds: float = FRESH_SECONDS) -> None:
        """Count anew after so many seconds."""
        self._seconds = seconds
        self._lock = threading.Lock()
        self._counts: dict[str, tuple[float, int]] = {}

    def has_room(self, session: Session, dag_id: str, most: int) -> bool:
        """Whether another run may start; one that may is counted."""
        with self._lock:
            at, count = self._counts.get(dag_id, (-self._seconds, 0))
            if time.monotonic() - at < self._seconds:
                self._counts[dag_id] = (at, count + 1)
                return count < most
        running = select(DagRun.id).where(DagRun.dag_id == dag_id, DagRun.state == DagRunState.RUNNING).limit(most)
        found = session.scalar(select(func.count()).select_from(running.subquery())) or 0
        with self._lock:
            self._counts = {
                dag: known for dag, known in self._counts.items() if time.monotonic() - known[0] < self._seconds
            }
            self._counts[dag_id] = (time.monotonic(), found + 1)
        return found < most


ACTIVE = ActiveRuns()
"""This process's: whatever lets a run start asks it, so that two ways to start count against one limit."""
