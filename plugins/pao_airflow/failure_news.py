"""Tells the API that a run has failed, with the commit that makes it so: its undo begins at once.

The callback, which goes through the DAG processor, tells it as well, seconds later.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.listeners import hookimpl
from sqlalchemy.orm import object_session

if TYPE_CHECKING:
    from airflow.models.dagrun import DagRun


class FailureNews:
    """A listener of Airflow's."""

    @hookimpl
    def on_dag_run_failed(self, dag_run: DagRun, msg: str) -> None:  # noqa: ARG002 - as Airflow calls it
        """A run failed."""
        session = object_session(dag_run)
        if session is not None and session.get_bind().dialect.name == "postgresql":
            from api_plugin.store.notices import tell_failed

            tell_failed(session, dag_run.dag_id, dag_run.run_id)
