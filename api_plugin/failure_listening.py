"""Settles runs the moment they fail: a thread in each API process, of which one at a time is told.

Airflow's callback comes as well, seconds later, as the DAG processor starts a process for it. It finds everything
done, or does it, where the notice got lost or the run can't be settled yet.
"""

from __future__ import annotations

import time

import structlog
from airflow.utils.session import create_session
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from api_plugin.exceptions import ApiProblem
from api_plugin.runs import DagShelf
from api_plugin.settling import request_of_run, settle
from api_plugin.store.leading import Leader
from api_plugin.store.listener import CHECK_SECONDS, Line
from api_plugin.store.notices import FAILED_RUNS, run_of_notice

log = structlog.get_logger(__name__)

_NO_LONG_WAITS = text("SET LOCAL lock_timeout = '5s'")
"""A request that somebody else has locked holds up the others no longer than that."""


class FailureListener(Leader):
    """The thread."""

    channel = FAILED_RUNS
    thread = "pao-failures"
    lost = "failed runs not listened to"
    lock = 0x70616F66
    """`paof`."""

    def __init__(self, shelf: DagShelf) -> None:
        """Start what has to follow from these DAGs."""
        super().__init__()
        self._shelf = shelf

    def lead(self, line: Line) -> None:
        """Settle what is told."""
        while True:
            for notice in line.wait(CHECK_SECONDS):
                began = time.monotonic()
                self._settle(*run_of_notice(notice))
                # However many fail: no more than half of the time is spent on it.
                line.rest(time.monotonic() - began)

    def _settle(self, dag_id: str, run_id: str) -> None:
        try:
            with create_session(scoped=False) as session:
                session.execute(_NO_LONG_WAITS)
                if (request_id := request_of_run(session, dag_id, run_id)) is not None:
                    settle(session, self._shelf, request_id)
        except (ApiProblem, SQLAlchemyError) as error:
            why = str(error).partition("\n")[0]
            log.warning("a failed run is left to its callback", dag_id=dag_id, run_id=run_id, error=why)
        except Exception:
            # One that can't be settled must not cost the others their notices.
            log.exception("a failed run is left to its callback", dag_id=dag_id, run_id=run_id)
