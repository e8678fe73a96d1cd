"""Reads and writes XComs, and reads a task's state, for the triggerer's runner in the supervisor's own session.

Airflow's supervisor asks its Execution API for each, an app that runs in a thread of the same process. That is several
times the work, which every action needs again and again. What is read and stored is the same.
"""

from __future__ import annotations

from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance
from airflow.models.xcom import XComModel
from airflow.sdk.execution_time.comms import GetTaskStates, GetXCom, SetXCom, TaskStatesResult, XComResult
from airflow.utils.session import create_session
from pydantic import BaseModel
from sqlalchemy import select

from pao_airflow.xcom_rows import store_values

ONE = -1
"""The map index of a task that is not mapped."""


def is_plain(message: object) -> bool:
    """Whether the message is of one task's one XCom, as our actions ask; everything else is Airflow's matter."""
    match message:
        case GetXCom(map_index=-1, include_prior_dates=False):
            return True
        case SetXCom(mapped_length=None, dag_result=False):
            return message.map_index in {None, ONE} and bool(message.key)
        case GetTaskStates(run_ids=[_], task_ids=[_], task_group_id=None, logical_dates=None, map_index=None):
            return True
    return False


def answer(message: GetXCom | SetXCom | GetTaskStates) -> BaseModel | None:
    """Do what a plain message asks.

    Raises:
        ValueError: if the run to write for is not there.
        SQLAlchemyError: if the database can't do it now.
    """
    if isinstance(message, GetXCom):
        return _read(message)
    if isinstance(message, GetTaskStates):
        return _state(message)
    _write(message)
    return None


def _read(message: GetXCom) -> XComResult:
    found = select(XComModel.value).where(
        XComModel.dag_id == message.dag_id,
        XComModel.run_id == message.run_id,
        XComModel.task_id == message.task_id,
        XComModel.key == message.key,
        XComModel.map_index == ONE,
    )
    with create_session(scoped=False) as session:
        return XComResult(key=message.key, value=session.scalar(found))


def _state(message: GetTaskStates) -> TaskStatesResult:
    found = select(TaskInstance.run_id, TaskInstance.task_id, TaskInstance.state).where(
        TaskInstance.dag_id == message.dag_id,
        TaskInstance.run_id.in_(message.run_ids or ()),
        TaskInstance.task_id.in_(message.task_ids or ()),
    )
    states: dict[str, dict[str, str | None]] = {}
    with create_session(scoped=False) as session:
        for row in session.execute(found):
            states.setdefault(row.run_id, {})[row.task_id] = None if row.state is None else str(row.state)
    return TaskStatesResult(task_states=states)


def _write(message: SetXCom) -> None:
    its_run = select(DagRun.id).where(DagRun.dag_id == message.dag_id, DagRun.run_id == message.run_id)
    with create_session(scoped=False) as session:
        dag_run_id = session.scalar(its_run)
        if dag_run_id is None:
            raise ValueError(f"DAG run not found on DAG {message.dag_id!r} with ID {message.run_id!r}")
        place = {
            "dag_run_id": dag_run_id,
            "dag_id": message.dag_id,
            "run_id": message.run_id,
            "task_id": message.task_id,
            "map_index": ONE,
        }
        # The runner has serialized it.
        store_values(session, place, {message.key: message.value})
