"""Stops a DAG run as marking it failed in Airflow does, under the lock of its row, and without touching what has ended.

Airflow's own `set_dag_run_state_to_failed` takes no lock on the run, so the scheduler may start a task meanwhile; it
needs the DAG as it is now, and gives tasks that never began a start.
"""

from __future__ import annotations

from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance
from airflow.utils.state import DagRunState, State, TaskInstanceState
from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from api_plugin.airflow_state import RunKey
from api_plugin.clock import utc_now

_WAITS_TO_BEGIN = (TaskInstanceState.SCHEDULED, TaskInstanceState.QUEUED)
"""Of a task that has begun before: its worker died, and the next one has not taken it yet."""


def lock_run(session: Session, run: RunKey) -> int | None:
    """Keep the scheduler and everyone else from the run until the transaction ends; gives its try, or None if gone.

    Whoever locks a request's row as well does that first.
    """
    dag_id, run_id = run
    return session.scalar(
        select(DagRun.clear_number).where(DagRun.dag_id == dag_id, DagRun.run_id == run_id).with_for_update()
    )


def stop_run(session: Session, run: RunKey) -> tuple[str, ...]:
    """End a run that is locked as failed, unless it has ended or is none; gives the tasks that were at work.

    Their hosts hear of it from Airflow, and stop what they began outside (`pao_airflow.stopping`).
    """
    dag_id, run_id = run
    now = utc_now()
    ends = (DagRun.dag_id == dag_id, DagRun.run_id == run_id, DagRun.state.in_(State.unfinished_dr_states))
    if session.scalar(select(DagRun.id).where(*ends)) is None:
        return ()
    place = (TaskInstance.dag_id == dag_id, TaskInstance.run_id == run_id)
    # Before anyone can begin one of them.
    tasks = session.execute(
        select(TaskInstance.task_id, TaskInstance.state, TaskInstance.start_date).where(*place).with_for_update()
    ).all()
    left = [task for task in tasks if task.state is None or task.state not in State.finished]
    at_work = tuple(
        task.task_id
        for task in left
        if task.state is not None and (task.state not in _WAITS_TO_BEGIN or task.start_date is not None)
    )
    session.execute(
        update(TaskInstance)
        .where(*place, TaskInstance.task_id.in_(at_work))
        .values(
            state=TaskInstanceState.FAILED,
            end_date=now,
            duration=func.extract("epoch", now - TaskInstance.start_date),
            updated_at=now,
        )
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(TaskInstance)
        .where(*place, or_(TaskInstance.state.is_(None), TaskInstance.state.not_in(State.finished)))
        .values(state=TaskInstanceState.SKIPPED, start_date=None, end_date=now, updated_at=now)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(DagRun)
        .where(*ends)
        # One that waited for its turn has no time in the far future any more, by which Airflow would sort and show it.
        .values(state=DagRunState.FAILED, end_date=now, run_after=func.least(DagRun.run_after, now))
        .execution_options(synchronize_session=False)
    )
    return at_work
