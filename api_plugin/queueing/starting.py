"""Starts runs whose turn has come with their first actions, as a submission does where nothing is limited.

Otherwise each place would stay empty until the scheduler starts the next run in one of its loops. It still starts
whatever can't start here: what needs a worker, what was cleared, what its DAG has no room for, what is paused.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from airflow.models.dag import DagModel
from airflow.models.dagbag import DBDagBag
from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance
from airflow.utils.state import DagRunState
from sqlalchemy import Row, Select, exists, select, update
from sqlalchemy.orm import Session

from api_plugin.active_runs import ACTIVE
from api_plugin.clock import utc_now
from api_plugin.configuration import settings
from api_plugin.first_tasks import FirstTask, defer, first_tasks, may_start
from api_plugin.run_rows import may_write
from api_plugin.store.inserting import Rows

_KNOWN: dict[UUID, Sequence[FirstTask]] = {}
"""By the version of a DAG, which never changes once there are runs of it."""
_KEPT = 1000


def start_at_once(session: Session, runs: Collection[int]) -> None:
    """Start those of these runs that can start here, whose rows this transaction has changed; commits nothing."""
    if not settings().start_at_once or not may_start() or not may_write():
        return
    now, triggers = utc_now(), Rows()
    begun = {}
    for run in session.execute(_untouched(runs)).all():
        tasks = _first_tasks(session, run.created_dag_version_id)
        if tasks and ACTIVE.has_room(session, run.dag_id, run.max_active_runs):
            begun[run] = defer(session, triggers, tasks, now)
    triggers.insert(session)
    for run, by_task in begun.items():
        _start(session, run, by_task, now)


def _untouched(runs: Collection[int]) -> Select[int, str, str, UUID | None, int | None]:
    """Those of which nothing has ever run, nor been marked by a person, and that Airflow would run now."""
    begun = exists().where(
        TaskInstance.dag_id == DagRun.dag_id, TaskInstance.run_id == DagRun.run_id, TaskInstance.state.is_not(None)
    )
    return (
        select(DagRun.id, DagRun.dag_id, DagRun.run_id, DagRun.created_dag_version_id, DagModel.max_active_runs)
        .join(DagModel, DagModel.dag_id == DagRun.dag_id)
        .where(
            DagRun.id.in_(runs),
            DagRun.state == DagRunState.QUEUED,
            DagRun.clear_number == 0,
            DagRun.bundle_version.is_not(None),
            DagRun.created_dag_version_id.is_not(None),
            ~DagModel.is_paused,
            ~DagModel.is_stale,
            ~begun,
        )
        .order_by(DagRun.id)
    )


def _first_tasks(session: Session, version: UUID) -> Sequence[FirstTask]:
    known = _KNOWN.get(version)
    if known is None:
        dag = DBDagBag(load_op_links=False).get_dag(version, session)
        known = first_tasks(dag) if dag is not None else ()
        if len(_KNOWN) >= _KEPT:
            _KNOWN.clear()
        _KNOWN[version] = known
    return known


def _start(
    session: Session, run: Row[*tuple[Any, ...]], tasks: Mapping[str, Mapping[str, Any]], now: dt.datetime
) -> None:
    """Let the run be at work, its first tasks with what each has of its own."""
    for task_id, begun in tasks.items():
        session.execute(
            update(TaskInstance)
            .where(
                TaskInstance.dag_id == run.dag_id,
                TaskInstance.run_id == run.run_id,
                TaskInstance.task_id == task_id,
                # Should a person mark it at this moment, that counts; a triggerer drops what nothing waits for.
                TaskInstance.state.is_(None),
            )
            .values(dict(begun))
            .execution_options(synchronize_session=False)
        )
    session.execute(
        update(DagRun)
        .where(DagRun.id == run.id)
        .values(state=DagRunState.RUNNING, start_date=now, last_scheduling_decision=now)
        .execution_options(synchronize_session=False)
    )
