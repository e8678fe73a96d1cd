"""Submits an event as Airflow does: of tasks that are none of ours, and of those that the fast path can't take now."""

from __future__ import annotations

from airflow.models.taskinstance import TaskInstance
from airflow.models.trigger import Trigger
from airflow.triggers.base import TriggerEvent
from airflow.utils.session import create_session
from airflow.utils.sqlalchemy import with_row_locks
from sqlalchemy import select


def submit(trigger_id: int, event: TriggerEvent) -> None:
    """Let what waits for a trigger go on, unless whoever has it locked at this moment stops it.

    Airflow reads what waits without a lock, and writes over what was decided meanwhile: a task that was stopped would
    have gone well, and one that was cleared would not run again.
    """
    with create_session() as session:
        waiting = select(TaskInstance.id).where(TaskInstance.trigger_id == trigger_id)
        session.execute(with_row_locks(waiting, session, of=TaskInstance))
        Trigger.submit_event(trigger_id=trigger_id, event=event, session=session)
