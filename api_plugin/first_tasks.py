"""Starts a run in the transaction that makes it: its first actions wait in a triggerer as soon as the run is there.

Otherwise the scheduler would let it start in one of its next loops, which is most of the time that a short request
takes. It still starts whatever can't start here: what needs a worker, what its DAG has no room for, what is paused.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from airflow.configuration import conf
from airflow.listeners.listener import get_listener_manager
from airflow.models.trigger import Trigger
from airflow.serialization.definitions.dag import SerializedDAG
from airflow.utils.state import TaskInstanceState
from sqlalchemy import Integer, Table, bindparam, func, select
from sqlalchemy.orm import Session

from api_plugin.store.inserting import Rows
from api_plugin.store.notices import NEW_TRIGGERS, SIGNALS

_TRIGGER = cast("Table", Trigger.__table__)

_IDS = select(func.nextval(func.pg_get_serial_sequence("trigger", "id"))).select_from(
    func.generate_series(1, bindparam("count", type_=Integer)).table_valued("number")
)


@dataclass(frozen=True, kw_only=True, slots=True)
class FirstTask:
    """A task that nothing comes before, with what its trigger is made from."""

    task_id: str
    classpath: str
    kwargs: str
    """Encrypted; the same for each run of the DAG."""
    next_method: str


def first_tasks(dag: SerializedDAG) -> Sequence[FirstTask]:
    """Those of a DAG, where all of them run in the triggerer for as long as they like; none otherwise."""
    found = []
    for task in dag.roots:
        start = task.start_trigger_args
        if task.start_from_trigger is not True or start is None or start.timeout or task.execution_timeout:
            return ()
        kwargs = Trigger.encrypt_kwargs(start.trigger_kwargs or {})
        found.append(
            FirstTask(task_id=task.task_id, classpath=start.trigger_cls, kwargs=kwargs, next_method=start.next_method)
        )
    return tuple(found)


def may_start() -> bool:
    """Whether nobody needs to see the scheduler start a run: no listener of another plugin, no teams of Airflow's."""
    told = get_listener_manager().hook.on_dag_run_running.get_hookimpls()
    return not told and not conf.getboolean("core", "multi_team")


def defer(session: Session, rows: Rows, tasks: Sequence[FirstTask], now: dt.datetime) -> dict[str, dict[str, Any]]:
    """Add the triggers; what each task instance has of its own, by the task's id. Triggerers hear of the commit."""
    ids = session.scalars(_IDS, {"count": len(tasks)}).all()
    rows.tell(SIGNALS, NEW_TRIGGERS)
    begun = {}
    for task, trigger_id in zip(tasks, ids, strict=True):
        made = {"id": trigger_id, "classpath": task.classpath, "kwargs": task.kwargs, "created_date": now}
        rows.add_values(_TRIGGER, made)
        begun[task.task_id] = {
            "state": TaskInstanceState.DEFERRED,
            "trigger_id": trigger_id,
            "next_method": task.next_method,
            "next_kwargs": {},
            "start_date": now,
            "try_number": 1,
        }
    return begun
