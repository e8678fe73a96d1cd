"""Clears tasks of runs that ended, as Airflow's own UI does: they run again, in a new try, at the revision they had."""

from __future__ import annotations

from collections.abc import Sequence

from airflow.models.dag import DagModel
from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance, clear_task_instances
from sqlalchemy import select
from sqlalchemy.orm import Session

from api_plugin.airflow_log import LOG, act
from api_plugin.airflow_state import RunKey
from api_plugin.exceptions import conflict
from api_plugin.runs import HELD
from api_plugin.store.notices import tell_queue


def clear(session: Session, run: RunKey, tasks: Sequence[str], *, actor: str, held: bool = False) -> None:
    """Let these tasks of a run that ended run again, in the actor's name; commits nothing.

    With `held` the run waits for its turn in the queue. Raises a 409 problem where its DAG can't run any more.
    """
    dag_id, run_id = run
    stale = session.scalar(select(DagModel.is_stale).where(DagModel.dag_id == dag_id))
    if stale is None or stale:
        raise conflict(
            "item-is-gone", "the item has been taken out of the catalog, so nothing of it runs; order another item"
        )
    where = (TaskInstance.dag_id == dag_id, TaskInstance.run_id == run_id, TaskInstance.task_id.in_(tasks))
    clear_task_instances(list(session.scalars(select(TaskInstance).where(*where))), session)
    if held:
        its_run = session.scalars(select(DagRun).where(DagRun.dag_id == dag_id, DagRun.run_id == run_id)).one()
        its_run.run_after = HELD
        tell_queue(session)
    session.execute(LOG.insert(), act("clear_dag_run", run, actor))
    session.flush()
