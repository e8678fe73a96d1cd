"""Tells that a run has ended, where requests wait for a place: the next one starts at once instead of at the next look.

Airflow calls it where it ends a run, before it commits: the news goes out with the commit, or not at all.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from airflow.listeners import hookimpl
from sqlalchemy.orm import object_session

from api_plugin.store.notices import tell_queue
from pao_airflow.configuration import pao_settings

if TYPE_CHECKING:
    from airflow.models.dagrun import DagRun


class QueueNews:
    """A listener of Airflow's."""

    @hookimpl
    def on_dag_run_success(self, dag_run: DagRun, msg: str) -> None:  # noqa: ARG002 - as Airflow calls it
        """A run succeeded."""
        _tell(dag_run)

    @hookimpl
    def on_dag_run_failed(self, dag_run: DagRun, msg: str) -> None:  # noqa: ARG002 - as Airflow calls it
        """A run failed."""
        _tell(dag_run)


def _tell(dag_run: DagRun) -> None:
    session = object_session(dag_run)
    if session is not None and _requests_wait():
        tell_queue(session)


@cache
def _requests_wait() -> bool:
    return pao_settings().limits_requests
