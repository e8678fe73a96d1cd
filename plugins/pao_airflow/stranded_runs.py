"""Finds runs of compiled DAGs that nothing is at work for: their last task ended on a worker, or a person cleared one.

The scheduler's loop comes to them in turn, after all that wait for something outside; one question finds all of them.
"""

from __future__ import annotations

from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance
from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from pao_airflow.fast_path import BUSY, GOES_ON, RunKey

OPERATORS = ("ActionOperator", "WorkerActionOperator", "UndoOperator")
"""What the tasks of compiled DAGs are."""


def stranded_runs(session: Session, most: int) -> list[RunKey]:
    """The ids of so many of them at most, the oldest first; commits nothing."""
    mine = (TaskInstance.dag_id == DagRun.dag_id, TaskInstance.run_id == DagRun.run_id)
    found = (
        select(DagRun.dag_id, DagRun.run_id)
        .where(
            *GOES_ON,
            ~exists().where(*mine, TaskInstance.state.in_(BUSY)),
            exists().where(*mine, TaskInstance.operator.in_(OPERATORS)),
        )
        .order_by(DagRun.id)
        .limit(most)
    )
    return [(dag_id, run_id) for dag_id, run_id in session.execute(found)]
