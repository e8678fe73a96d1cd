"""Stops what an action began outside, because a person stopped its task in Airflow, and tells what is left of it.

Marked as failed, its run stopped or out of time: it is stopped, and leaves a report as one that failed, so that its
undo finds what it made. Cleared: it is stopped, and the next try begins anew. Marked as a success: it is left alone.
"""

from __future__ import annotations

import structlog
from pao_actions.attempts import stop

from catalog_compiler.run_format import RunConf
from catalog_compiler.sealing import Sealer
from pao_airflow.admission import admitted, admitted_rollback
from pao_airflow.host import STOP_SECONDS, steps_at
from pao_airflow.memory import TaskPlace, task_state, whose_state, write_report
from pao_airflow.reports import report_of
from pao_airflow.step import Step
from pao_airflow.task import HostedTask
from pao_airflow.work import Work, prepare, step_work, undo_work

log = structlog.get_logger(__name__)


async def stop_step(step: Step, task: HostedTask, *, seconds: float = STOP_SECONDS) -> None:
    """Stop an action whose task ended from outside. Never raises."""
    try:
        if await _left_alone(task.place):
            return
        run = await admitted(step, task.conf, task.place, task.settings)
        await _stop(step_work(step, task.place), run, task, seconds)
    except Exception:
        log.exception("action not stopped", task_id=task.place.task_id)


async def stop_undo(position: int, task: HostedTask, *, and_rest: bool, seconds: float = STOP_SECONDS) -> None:
    """Stop the undo that a place of a rollback is at. Never raises."""
    try:
        if await _left_alone(task.place):
            return
        run, rollback = admitted_rollback(task.conf, task.place, task.settings)
        steps = steps_at(position, rollback, and_rest=and_rest)
        current = await whose_state(task.place)
        step = next((step for step in steps if step.action == current), steps[0] if steps else None)
        if step is not None:
            await _stop(undo_work(step, run, rollback), run, task, seconds)
    except Exception:
        log.exception("undo not stopped", task_id=task.place.task_id)


async def _left_alone(place: TaskPlace) -> bool:
    """A person who marks a task as a success says that its work is done; of one that runs on, a worker ends alone."""
    return await _state(place) in {"success", "running"}


async def _state(place: TaskPlace) -> str | None:
    return await task_state(dag_id=place.dag_id, run_id=place.run_id, task_id=place.task_id)


async def _stop(work: Work, run: RunConf, task: HostedTask, seconds: float) -> None:
    prepared = await prepare(work, run, task)
    outcome = await stop(prepared.kind(), prepared.config, seconds=seconds, context=prepared.context)
    state = await _state(task.place)
    if state == "restarting":
        # Cleared while it ran on a worker: the next try would take itself for one that follows by itself.
        await prepared.context.state.save({})
    if state in {"failed", "skipped"}:
        await write_report(
            task.place, report_of(outcome, task.place, prepared.masker, Sealer(task.settings.fernet_key))
        )
