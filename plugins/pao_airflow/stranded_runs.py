"""Finds runs that nothing is at work for: their last task ended on a worker, waits for another try, or was cleared.

The scheduler's loop comes to them in turn, after all that wait for something outside; one question finds all of them.
Another one, which costs more, finds those of which a task has ended since anybody looked, though others are at work.
"""

from __future__ import annotations

from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance
from airflow.utils.state import TaskInstanceState
from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session

from pao_airflow.fast_path import BUSY, GOES_ON, RunKey

OPERATORS = ("ActionOperator", "WorkerActionOperator", "UndoOperator")
"""What the tasks of compiled DAGs are."""
PLATFORM = ("catalog_sync", "reconcile", "retention")
"""The platform's own DAGs: a run that is not found to be over keeps the next one from beginning."""
AT_WORK = BUSY - {TaskInstanceState.UP_FOR_RETRY}
"""States of tasks that something else will go on with, whenever it is time."""
_MINE = (TaskInstance.dag_id == DagRun.dag_id, TaskInstance.run_id == DagRun.run_id)


def stranded_runs(session: Session, most: int) -> list[RunKey]:
    """The ids of so many of them at most, those first that nobody has looked at for longest; commits nothing."""
    return _first(session, most, ~exists().where(*_MINE, TaskInstance.state.in_(AT_WORK)))


def overlooked_runs(session: Session, most: int) -> list[RunKey]:
    """The same of runs with a task that ended after they were looked at last: on a worker, while another waits."""
    return _first(session, most, exists().where(*_MINE, TaskInstance.end_date > DagRun.last_scheduling_decision))


def _first(session: Session, most: int, condition: ColumnElement[bool]) -> list[RunKey]:
    ours = DagRun.dag_id.in_(PLATFORM) | exists().where(*_MINE, TaskInstance.operator.in_(OPERATORS))
    found = select(DagRun.dag_id, DagRun.run_id).where(*GOES_ON, condition, ours)
    longest = found.order_by(DagRun.last_scheduling_decision.nulls_first(), DagRun.id).limit(most)
    return [(dag_id, run_id) for dag_id, run_id in session.execute(longest)]
