"""Keeps the report of an action that ended by itself in the moment in which a person stopped it.

Airflow drops the event of a trigger whose task is deferred no more, and nobody stops a trigger that has ended: without
its report, what the action made could not be undone.
"""

from __future__ import annotations

import structlog
from airflow.executors.workloads.task import TaskInstanceDTO
from airflow.models.taskinstance import TaskInstance
from airflow.models.xcom import XComModel
from airflow.triggers.base import BaseTaskEndEvent, TriggerEvent
from airflow.utils.session import create_session
from pydantic import JsonValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog_compiler.run_format import REPORT_KEY, decode

log = structlog.get_logger(__name__)

STOPPED = ("failed", "skipped")


def keep_late_report(task: TaskInstanceDTO, event: TriggerEvent) -> None:
    """Store the report of an event that Airflow has dealt with, where the task had been stopped before."""
    if not isinstance(event, BaseTaskEndEvent) or REPORT_KEY not in (event.xcoms or {}):
        return
    try:
        with create_session(scoped=False) as session:
            state = session.scalar(select(TaskInstance.state).where(TaskInstance.id == task.id))
            if state in STOPPED and not _has_report(session, task):
                _store(session, task, (event.xcoms or {})[REPORT_KEY])
    except Exception:
        # The event itself has been dealt with, and what people write into XComs may be anything.
        log.exception("report of a stopped action not kept", task_id=task.task_id, run_id=task.run_id)


def _has_report(session: Session, task: TaskInstanceDTO) -> bool:
    """Whether this try of the task has one: it ended by the event itself."""
    value = session.scalar(
        select(XComModel.value).where(
            XComModel.dag_id == task.dag_id,
            XComModel.run_id == task.run_id,
            XComModel.task_id == task.task_id,
            XComModel.key == REPORT_KEY,
        )
    )
    return value is not None and decode(value)["try_number"] == task.try_number


def _store(session: Session, task: TaskInstanceDTO, report: JsonValue) -> None:
    XComModel.set(
        key=REPORT_KEY,
        value=report,
        dag_id=task.dag_id,
        run_id=task.run_id,
        task_id=task.task_id,
        session=session,
    )
    session.commit()
