"""Runs one action or one undo for an Airflow task: asks whether it may, builds what templates see, starts the loop.

The same for both hosts: a trigger awaits it in the triggerer, a worker runs it in an event loop of its own.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pao_actions.attempts import perform
from pao_actions.clock import SYSTEM_CLOCK
from pao_actions.outcome import Outcome
from pydantic import JsonValue

from catalog_compiler import conditions
from catalog_compiler.actions import ActionContext, action_type
from catalog_compiler.model import Condition
from catalog_compiler.plan import RetryPlan
from catalog_compiler.run_format import (
    ActionFailure,
    ActionReport,
    RollbackInfo,
    RunConf,
    UndoStep,
    action_task_id,
    dag_id,
)
from catalog_compiler.sealing import Sealer, SealError
from catalog_compiler.settings import PaoSettings
from catalog_compiler.signing import UnsignedRunError
from catalog_compiler.templates import Scope, TemplateError, references, render_config
from pao_airflow.action_log import MaskedLog, Masker
from pao_airflow.admission import RefusedError, admitted, admitted_rollback
from pao_airflow.lookups import AirflowConnections, environment
from pao_airflow.memory import TaskPlace, XComMemory, XComProgress, read_action_state, read_report
from pao_airflow.open_gate import OpenGate
from pao_airflow.scope import field_scope, opened_pairs, request_scope, secret_texts
from pao_airflow.shown_links import shown_link
from pao_airflow.signals import board
from pao_airflow.step import Step
from pao_airflow.teams import NO_TEAMS


@dataclass(frozen=True, kw_only=True, slots=True)
class Work:
    """One config to carry out, with what it needs of its item."""

    action: str
    type: str
    config: Mapping[str, Any]
    retry: RetryPlan | None
    timeout: float | None
    header: Mapping[str, Any]
    field_types: Mapping[str, str]
    responses_from: str
    """The DAG whose run holds the outputs that `response.*` refers to."""
    undoing: bool


async def run_step(step: Step, conf: Mapping[str, Any] | None, place: TaskPlace, settings: PaoSettings) -> ActionReport:
    """Run an action of a request; every failure is in the report."""
    started = dt.datetime.now(dt.UTC)
    try:
        run = await admitted(step, conf, place, settings)
        action = step.action
        if action.when and not _holds(action.when, run, step.field_types, settings):
            return _skipped(place, started)
        work = Work(
            action=action.name,
            type=action.type,
            config=action.config,
            retry=action.retry,
            timeout=action.timeout,
            header=step.header,
            field_types=step.field_types,
            responses_from=place.dag_id,
            undoing=False,
        )
        return await _carry_out(work, run, place, settings)
    except _REFUSALS as error:
        return _refused(str(error), place, started)


async def run_undo(
    position: int, conf: Mapping[str, Any] | None, place: TaskPlace, settings: PaoSettings, *, and_rest: bool
) -> ActionReport:
    """Undo the action at `position` (from 1) of the rollback's list, or all from there; failures are in the report.

    The list may be longer than the DAG has places where the request was of an earlier revision of the item, and shorter
    where not all of its actions ran; a person who clears a rollback starts the unused places too.
    """
    started = dt.datetime.now(dt.UTC)
    try:
        run, rollback = admitted_rollback(conf, place, settings)
    except _REFUSALS as error:
        return _refused(str(error), place, started)
    steps = rollback.steps[position - 1 :] if and_rest else rollback.steps[position - 1 : position]
    if not steps:
        return _skipped(place, started)
    reports = [await _undo(step, run, rollback, place, settings) for step in steps]
    return next((report for report in reports if report.outcome != "completed"), reports[-1])


async def _undo(
    step: UndoStep, run: RunConf, rollback: RollbackInfo, place: TaskPlace, settings: PaoSettings
) -> ActionReport:
    work = Work(
        action=step.action,
        type=step.undo.type,
        config=step.undo.config,
        retry=step.undo.retry,
        timeout=None,
        header=rollback.header,
        field_types=rollback.field_types,
        responses_from=dag_id(run.request.catalog, run.item_id, step.mode),
        undoing=True,
    )
    started = dt.datetime.now(dt.UTC)
    try:
        return await _carry_out(work, run, place, settings)
    except _REFUSALS as error:
        # What can't be resolved is reported as left standing, and the others are still undone.
        return _refused(f"'{step.action}' can't be undone: {error}", place, started)


_REFUSALS = (RefusedError, UnsignedRunError, SealError, TemplateError, LookupError)


def _holds(when: dict[str, Any], run: RunConf, types: Mapping[str, str], settings: PaoSettings) -> bool:
    sealer = Sealer(settings.fernet_key)
    values = {name: sealer.open(value) for name, value in run.fields.items()}
    return conditions.holds(Condition.model_validate(when), values, types)


async def _carry_out(work: Work, run: RunConf, place: TaskPlace, settings: PaoSettings) -> ActionReport:
    scope = await _scope(work, run, settings)
    masker = Masker(scope.secrets)
    kind = action_type(work.type)
    log = MaskedLog(masker, request_id=run.request.id, action=work.action, correlation_id=run.request.correlation_id)
    context = ActionContext(
        request_id=run.request.id,
        action=work.action,
        attempt=1,
        undoing=work.undoing,
        correlation_id=run.request.correlation_id,
        idempotency_key=_idempotency_key(place, work.action),
        log=log,
        connections=AirflowConnections(),
        state=XComMemory(place, work.action),
        reach=settings.address_rules,
        clock=SYSTEM_CLOCK,
        progress=XComProgress(place, masker.text),
        signals=board,
        gate=OpenGate(),
        teams=NO_TEAMS,
        secrets=masker,
        mode=run.request.mode,
        request_url=run.request.url,
        options=settings.options_of(work.type),
        undone=await _undone(work, run) if work.undoing else {},
    )
    log.info("action started", type=work.type, undoing=work.undoing)
    config = render_config(kind, work.config, scope)
    outcome = await perform(kind(), config, retry=work.retry, timeout=work.timeout, context=context)
    report = _report(outcome, place, masker, Sealer(settings.fernet_key))
    log.info("action ended", outcome=report.outcome, attempts=report.attempts)
    return report


async def _undone(work: Work, run: RunConf) -> dict[str, JsonValue]:
    """What the action that is undone stored last."""
    task_id = action_task_id(work.action)
    return await read_action_state(dag_id=work.responses_from, run_id=run.request.id, task_id=task_id)


async def _scope(work: Work, run: RunConf, settings: PaoSettings) -> Scope:
    wanted = references(dict(work.config))
    sealer = Sealer(settings.fernet_key)
    env = await environment(wanted.env)
    opened = {name: sealer.open(value) for name, value in run.fields.items()}
    pairs = [(value, opened[name]) for name, value in run.fields.items()]
    responses: dict[str, Mapping[str, JsonValue] | None] = {}
    for name in sorted(wanted.responses):
        report = await read_report(dag_id=work.responses_from, run_id=run.request.id, task_id=action_task_id(name))
        # A failed action may have made something all the same; its own undo may ask what.
        own = work.undoing and name == work.action
        if report is None or (report.outcome != "completed" and not own):
            responses[name] = None
            continue
        outputs = sealer.open_outputs(report.outputs)
        pairs += opened_pairs(report.outputs, outputs)
        responses[name] = outputs
    return Scope(
        fields=field_scope(opened, work.field_types),
        header=dict(work.header),
        request=request_scope(run.request),
        response=responses,
        env=env,
        secrets=secret_texts(pairs, env),
    )


def _idempotency_key(place: TaskPlace, action: str) -> str:
    """Stable over automatic retries and restarts, new where a person clears the task (RFC draft idempotency-key)."""
    name = f"{place.dag_id}/{place.run_id}/{place.task_id}/{action}/{place.try_number}"
    return hashlib.sha256(name.encode()).hexdigest()[:32]


def _report(outcome: Outcome, place: TaskPlace, masker: Masker, sealer: Sealer) -> ActionReport:
    result, error = outcome.result, outcome.error
    outputs: dict[str, JsonValue] = {}
    if result is not None:
        # Later actions and undos need the exact value: one that holds a secret is kept whole, and shown as `***`.
        outputs = sealer.seal_outputs(
            result.outputs, lambda name, value: name in result.sensitive or masker.value(value) != value
        )
    return ActionReport(
        outcome=outcome.status,
        try_number=place.try_number,
        outputs=outputs,
        url=shown_link(masker.text(result.url)) if result and result.url else None,
        error=None
        if error is None
        else ActionFailure(message=masker.text(error.message), kind=error.kind, effect_possible=error.effect_possible),
        attempts=outcome.attempts,
        started_at=outcome.started_at,
        ended_at=outcome.ended_at,
    )


def _skipped(place: TaskPlace, started: dt.datetime) -> ActionReport:
    """Nothing was to be done here."""
    return ActionReport(
        outcome="skipped", try_number=place.try_number, started_at=started, ended_at=dt.datetime.now(dt.UTC)
    )


def _refused(message: str, place: TaskPlace, started: dt.datetime) -> ActionReport:
    """An action that never began: nothing to undo."""
    return ActionReport(
        outcome="failed",
        try_number=place.try_number,
        error=ActionFailure(message=message, kind="permanent", effect_possible=False),
        started_at=started,
        ended_at=dt.datetime.now(dt.UTC),
    )
