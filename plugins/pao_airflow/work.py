"""What one action or one undo needs to run: its config with templates filled in, and what its host hands to it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pao_actions.clock import SYSTEM_CLOCK
from pydantic import JsonValue

from catalog_compiler.actions import ActionContext, ActionType, action_type
from catalog_compiler.plan import RetryPlan
from catalog_compiler.request_scope import field_scope, request_scope
from catalog_compiler.run_format import (
    ActionReport,
    KeptAction,
    RollbackInfo,
    RunConf,
    UndoStep,
    action_task_id,
    dag_id,
)
from catalog_compiler.sealing import Sealer
from catalog_compiler.settings import PaoSettings
from catalog_compiler.templates import Scope, references, render_config
from pao_airflow.action_log import MaskedLog, Masker
from pao_airflow.gate import gates
from pao_airflow.lookups import AirflowConnections, environment
from pao_airflow.memory import TaskPlace, XComProgress, read_action_state, read_report
from pao_airflow.request_files import with_files
from pao_airflow.scope import opened_pairs, secret_pair, secret_texts
from pao_airflow.signals import board
from pao_airflow.step import Step
from pao_airflow.task import HostedTask
from pao_airflow.teams import CatalogTeams


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
    responses_run: str
    """That run."""
    undoing: bool
    undone_type: str | None = None
    """The type of the action that is undone, where it is known."""
    undone_try: int | None = None
    """The try of the action that is undone, where it is known."""
    kept: Mapping[str, KeptAction] | None = None
    """What the request's actions left, where Airflow has it no more."""

    async def report(self, action: str) -> ActionReport | None:
        """What an action of the request left, for `response.*`; of the action that is undone, in its last try."""
        report = await self._read_report(action)
        own = self.undoing and action == self.action
        stale = own and report is not None and self.undone_try not in {None, report.try_number}
        return None if stale else report

    async def _read_report(self, action: str) -> ActionReport | None:
        if self.kept is not None:
            return self.kept[action].report if action in self.kept else None
        task_id = action_task_id(action)
        return await read_report(dag_id=self.responses_from, run_id=self.responses_run, task_id=task_id)


@dataclass(frozen=True, kw_only=True, slots=True)
class Prepared:
    """Work that can begin, or be stopped."""

    kind: type[ActionType[Any]]
    config: dict[str, Any]
    context: ActionContext
    masker: Masker


def step_work(step: Step, place: TaskPlace) -> Work:
    """That of an action."""
    action = step.action
    return Work(
        action=action.name,
        type=action.type,
        config=action.config,
        retry=action.retry,
        timeout=action.timeout,
        header=step.header,
        field_types=step.field_types,
        responses_from=place.dag_id,
        responses_run=place.run_id,
        undoing=False,
    )


def undo_work(step: UndoStep, run: RunConf, rollback: RollbackInfo) -> Work:
    """That of an undo."""
    return Work(
        action=step.action,
        type=step.undo.type,
        config=step.undo.config,
        retry=step.undo.retry,
        timeout=None,
        header=rollback.header,
        field_types=rollback.field_types,
        responses_from=dag_id(run.request.catalog, run.item_id, step.mode),
        responses_run=run.request.run_of(step.mode),
        undone_type=step.type,
        undone_try=step.try_number,
        undoing=True,
        kept=rollback.kept.get(step.mode),
    )


async def prepare(work: Work, run: RunConf, task: HostedTask) -> Prepared:
    """Look up what the config refers to, and fill it in.

    Raises:
        SealError, TemplateError, LookupError: if it can't be filled in; the messages say why.
    """
    place, settings = task.place, task.settings
    undone = await _undone(work) if work.undoing else {}
    scope = await _scope(work, run, settings, undone)
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
        state=task.memory(place, work.action),
        reach=settings.address_rules,
        clock=SYSTEM_CLOCK,
        progress=XComProgress(place, masker.text),
        signals=board,
        gate=task.calls.through(gates(settings).gate(work.type, log)),
        teams=CatalogTeams(run.request.catalog, service_connection=settings.service_connection),
        secrets=masker,
        vault=Sealer(settings.fernet_key),
        mode=run.request.mode,
        request_url=run.request.url,
        options=settings.options_of(work.type),
        undone=undone,
        failure=run.escalation.error if run.escalation else None,
    )
    return Prepared(kind=kind, config=render_config(kind, work.config, scope), context=context, masker=masker)


async def _undone(work: Work) -> dict[str, JsonValue]:
    """What the action that is undone stored last."""
    if work.kept is not None:
        return dict(work.kept[work.action].state) if work.action in work.kept else {}
    task_id = action_task_id(work.action)
    return await read_action_state(dag_id=work.responses_from, run_id=work.responses_run, task_id=task_id)


async def _scope(work: Work, run: RunConf, settings: PaoSettings, undone: Mapping[str, JsonValue]) -> Scope:
    wanted = references(dict(work.config))
    sealer = Sealer(settings.fernet_key)
    env = await environment(wanted.env)
    unsealed = {name: sealer.open(value) for name, value in run.fields.items()}
    opened = await with_files(unsealed, wanted.fields, settings)
    pairs = [secret_pair(value, opened[name]) for name, value in run.fields.items()]
    responses: dict[str, Mapping[str, JsonValue] | None] = {}
    for name in sorted(wanted.responses):
        # A failed action may have made something all the same; its own undo may ask what.
        own = work.undoing and name == work.action
        report = await work.report(name)
        if report is None or (report.outcome != "completed" and not own):
            responses[name] = _made(work, undone) if own else None
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


def _made(work: Work, undone: Mapping[str, JsonValue]) -> Mapping[str, JsonValue] | None:
    """The outputs of an action that was stopped with its host and left no report, as far as its state tells them."""
    result = action_type(work.undone_type).made(undone) if work.undone_type else None
    return None if result is None else result.outputs


def _idempotency_key(place: TaskPlace, action: str) -> str:
    """Stable over automatic retries and restarts, new where a person clears the task (RFC draft idempotency-key)."""
    name = f"{place.dag_id}/{place.run_id}/{place.task_id}/{action}/{place.first_try}"
    return hashlib.sha256(name.encode()).hexdigest()[:32]
