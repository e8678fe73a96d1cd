"""Tells the API that a run has failed, with the commit that makes it so: its undo begins at once.

The callback, which goes through the DAG processor, tells it as well, seconds later. Where a person marks a run, or its
time is over, tasks may still be at work: what follows then begins by what looks later.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.listeners import hookimpl
from sqlalchemy.orm import object_session

if TYPE_CHECKING:
    from airflow.models.dagrun import DagRun

TAG = "pao"
"""That of compiled DAGs."""
NOTHING_AT_WORK = frozenset({"task_failure", "all_tasks_deadlocked"})
"""What Airflow says where a run has failed because all of its tasks are over."""


class FailureNews:
    """A listener of Airflow's."""

    @hookimpl
    def on_dag_run_failed(self, dag_run: DagRun, msg: str) -> None:
        """A run failed."""
        if msg not in NOTHING_AT_WORK or dag_run.dag is None or TAG not in dag_run.dag.tags:
            return
        session = object_session(dag_run)
        if session is not None and session.get_bind().dialect.name == "postgresql":
            from api_plugin.store.notices import tell_failed

            tell_failed(session, dag_run.dag_id, dag_run.run_id)
