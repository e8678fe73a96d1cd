"""Stops what an action began outside, because a person stopped its task in Airflow, and tells what is left of it.

Marked as failed, its run stopped or out of time: it is stopped, and leaves a report as one that failed, so that its
undo finds what it made. Cleared: it is stopped, and the next try begins anew. Marked as a success: it is left alone.
So is one that goes on elsewhere: on another triggerer, which Airflow tells like a person's clear, or on another worker.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import structlog
from pao_actions.attempts import stop
from pao_actions.clock import SYSTEM_CLOCK

from catalog_compiler.run_format import ActionReport, RunConf
from catalog_compiler.sealing import Sealer
from pao_airflow.admission import accepted, admitted_rollback
from pao_airflow.host import STOP_SECONDS, steps_at
from pao_airflow.memory import TaskPlace, is_followed, task_state, whose_state, write_report
from pao_airflow.read_only_memory import ReadOnlyMemory
from pao_airflow.reports import report_of
from pao_airflow.step import Step
from pao_airflow.task import HostedTask
from pao_airflow.work import Work, prepare, step_work, undo_work

log = structlog.get_logger(__name__)

Fate = Literal["ended", "cleared", "goes on"]

LOOKS = 5
"""So often, a second apart, it is looked whether another try of a task has begun."""


async def stop_step(
    step: Step, task: HostedTask, *, seconds: float = STOP_SECONDS, ended: ActionReport | None = None
) -> None:
    """Stop an action whose task ended from outside. Never raises.

    `ended` is the report of one that has ended with the call that was on its way: then there is nothing to stop.
    """
    try:
        fate = await _fate(task.place)
        if fate == "goes on":
            return
        if ended is not None and fate == "ended":
            await write_report(task.place, ended)
            return
        run = accepted(step, task.conf, task.place, task.settings)
        await _stop(step_work(step, task.place), run, task, fate, seconds)
    except Exception:
        log.exception("action not stopped", task_id=task.place.task_id)


async def stop_undo(position: int, task: HostedTask, *, and_rest: bool, seconds: float = STOP_SECONDS) -> None:
    """Stop the undo that a place of a rollback is at. Never raises."""
    try:
        fate = await _fate(task.place)
        if fate == "goes on":
            return
        run, rollback = admitted_rollback(task.conf, task.place, task.settings)
        steps = steps_at(position, rollback, and_rest=and_rest)
        current = await whose_state(task.place)
        step = next((step for step in steps if step.action == current), steps[0] if steps else None)
        if step is not None:
            await _stop(undo_work(step, run, rollback), run, task, fate, seconds)
    except Exception:
        log.exception("undo not stopped", task_id=task.place.task_id)


async def _fate(place: TaskPlace) -> Fate:
    """What became of a task whose work was cancelled."""
    match await _state(place):
        case "failed" | "skipped":
            return "ended"
        case "success" | "running":
            # A person said that its work is done, or only its worker ends.
            return "goes on"
        case "deferred":
            # Either it was cleared and is at work again, or another triggerer has taken it over.
            return "cleared" if await _begun_anew(place) else "goes on"
    return "cleared"


async def _begun_anew(place: TaskPlace) -> bool:
    for _ in range(LOOKS):
        if await is_followed(place):
            return True
        await SYSTEM_CLOCK.sleep(1)
    return False


async def _state(place: TaskPlace) -> str | None:
    return await task_state(dag_id=place.dag_id, run_id=place.run_id, task_id=place.task_id)


async def _stop(work: Work, run: RunConf, task: HostedTask, fate: Fate, seconds: float) -> None:
    # Whatever is stored after a clear belongs to the next try.
    memory = task.memory if fate == "ended" else lambda place, action: ReadOnlyMemory(task.memory(place, action))
    prepared = await prepare(work, run, replace(task, memory=memory))
    outcome = await stop(prepared.kind(), prepared.config, seconds=seconds, context=prepared.context)
    state = await _state(task.place)
    if state == "restarting":
        # Cleared while it ran on a worker: the next try would take itself for one that follows by itself.
        await task.memory(task.place, work.action).save({})
    if state in {"failed", "skipped"}:
        await write_report(
            task.place, report_of(outcome, task.place, prepared.masker, Sealer(task.settings.fernet_key))
        )
