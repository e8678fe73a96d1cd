"""Runs one action or one undo for an Airflow task: asks whether it may, fills it in, starts the loop.

The same for both hosts: a trigger awaits it in the triggerer, a worker runs it in an event loop of its own.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from pao_actions.attempts import perform
from pao_actions.clock import SYSTEM_CLOCK

from catalog_compiler import conditions
from catalog_compiler.model import Condition
from catalog_compiler.run_format import ActionReport, RollbackInfo, RunConf, UndoStep, action_task_id
from catalog_compiler.sealing import Sealer, SealError
from catalog_compiler.settings import PaoSettings
from catalog_compiler.signing import UnsignedRunError
from catalog_compiler.templates import TemplateError
from pao_airflow.admission import RefusedError, admitted, admitted_rollback
from pao_airflow.last_call import CALL_SECONDS
from pao_airflow.memory import task_state
from pao_airflow.reports import refused, report_of, skipped
from pao_airflow.step import Step
from pao_airflow.task import HostedTask
from pao_airflow.work import Work, prepare, step_work, undo_work

REFUSALS = (RefusedError, UnsignedRunError, SealError, TemplateError, LookupError)
"""Why an action can't begin; the messages say what to do."""

STOP_SECONDS = 20.0
"""So long an action that a person stops may take to stop what it began outside."""


async def run_step(step: Step, task: HostedTask) -> ActionReport:
    """Run an action of a request; every failure is in the report."""
    started = dt.datetime.now(dt.UTC)
    try:
        run = await admitted(step, task.conf, task.place, task.settings)
        if step.action.when and not _holds(step.action.when, run, step.field_types, task.settings):
            return skipped(task.place, started)
        return await _carry_out(step_work(step, task.place), run, task)
    except REFUSALS as error:
        return refused(str(error), task.place, started)


async def run_undo(position: int, task: HostedTask, *, and_rest: bool) -> ActionReport:
    """Undo the action at `position` (from 1) of the rollback's list, or all from there; failures are in the report.

    The list may be longer than the DAG has places where the request was of an earlier revision of the item, and shorter
    where not all of its actions ran; a person who clears a rollback starts the unused places too.
    """
    started = dt.datetime.now(dt.UTC)
    try:
        run, rollback = admitted_rollback(task.conf, task.place, task.settings)
    except REFUSALS as error:
        return refused(str(error), task.place, started)
    steps = steps_at(position, rollback, and_rest=and_rest)
    if not steps:
        return skipped(task.place, started)
    reports = [await _undo(step, run, rollback, task) for step in steps]
    return next((report for report in reports if report.outcome != "completed"), reports[-1])


def undo_needs_worker(position: int, task: HostedTask, *, and_rest: bool) -> bool:
    """Whether what a place of a rollback undoes needs a process and a disk."""
    try:
        _, rollback = admitted_rollback(task.conf, task.place, task.settings)
    except REFUSALS:
        # Running it tells of it.
        return False
    return any(step.undo.host == "worker" for step in steps_at(position, rollback, and_rest=and_rest))


def steps_at(position: int, rollback: RollbackInfo, *, and_rest: bool) -> tuple[UndoStep, ...]:
    """What a place of a rollback undoes."""
    return rollback.steps[position - 1 :] if and_rest else rollback.steps[position - 1 : position]


async def _undo(step: UndoStep, run: RunConf, rollback: RollbackInfo, task: HostedTask) -> ActionReport:
    work = undo_work(step, run, rollback)
    started = dt.datetime.now(dt.UTC)
    try:
        await _until_stopped(work)
        return await _carry_out(work, run, task)
    except REFUSALS as error:
        # What can't be resolved is reported as left standing, and the others are still undone.
        return refused(f"'{step.action}' can't be undone: {error}", task.place, started)


async def _until_stopped(work: Work) -> None:
    """Let an action that a person has just stopped stop what it began outside, before that is undone."""
    if work.kept is not None:
        # The request ended so long ago that Airflow has lost it.
        return
    task_id = action_task_id(work.action)
    for _ in range(round(CALL_SECONDS + STOP_SECONDS)):
        if await work.report(work.action) is not None:
            return
        if await task_state(dag_id=work.responses_from, run_id=work.responses_run, task_id=task_id) == "success":
            # Marked by a person as well: there is nothing to wait for.
            return
        await SYSTEM_CLOCK.sleep(1)


def _holds(when: dict[str, Any], run: RunConf, types: Mapping[str, str], settings: PaoSettings) -> bool:
    sealer = Sealer(settings.fernet_key)
    values = {name: sealer.open(value) for name, value in run.fields.items()}
    return conditions.holds(Condition.model_validate(when), values, types)


async def _carry_out(work: Work, run: RunConf, task: HostedTask) -> ActionReport:
    prepared = await prepare(work, run, task)
    context = prepared.context
    context.log.info("action started", type=work.type, undoing=work.undoing)
    outcome = await perform(prepared.kind(), prepared.config, retry=work.retry, timeout=work.timeout, context=context)
    report = report_of(outcome, task.place, prepared.masker, Sealer(task.settings.fernet_key))
    context.log.info("action ended", outcome=report.outcome, attempts=report.attempts)
    return report
