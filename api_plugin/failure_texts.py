"""What people are told of a request that went wrong: its error and its warnings. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from api_plugin.status_views import CancellationView, EscalationView, RollbackView, RunView
from api_plugin.ways import Ways
from catalog_compiler.plan import FulfillmentPlan, Mode
from catalog_compiler.run_format import ActionFailure, action_task_id, undo_task_id


def error_of(
    ways: Ways,
    rollback: RollbackView | None,
    cancellation: CancellationView | None,
) -> str | None:
    """What went wrong, for people; a request that was cancelled and undone as they wanted it has no error.

    Nor has one that people go on with; its warnings tell what failed before.
    """
    wanted = frozenset[tuple[Mode, str]]() if cancellation is None else cancellation.stopped
    standing = list(_standing(rollback))
    if ways.escalation is not None:
        return "; ".join([*_escalation_failure(ways.escalation, wanted), *standing]) or None
    said = [*_failures(ways.ordered, ways.mode, ways.run, wanted), *standing]
    if said or ways.run.state != "failed" or cancellation is not None:
        return "; ".join(said) or None
    return _UNTOLD


_UNTOLD = "the run was marked failed in Airflow, or ran out of time"


def failure_of(way: FulfillmentPlan, run: RunView) -> str:
    """Why a run failed, by its actions."""
    return "; ".join(_failures(way, "automatic", run, frozenset())) or _UNTOLD


def _escalation_failure(escalation: EscalationView, wanted: frozenset[tuple[Mode, str]]) -> Iterator[str]:
    if escalation.run is None:
        yield f"the manual fulfillment can't go on: {escalation.failure or 'its run is gone from Airflow'}"
    elif escalation.run.state == "failed":
        said = "; ".join(_failures(escalation.way, "manual", escalation.run, wanted))
        if said or not wanted:
            yield f"the manual fulfillment failed: {said or _UNTOLD}"


def _failures(way: FulfillmentPlan, mode: Mode, run: RunView, wanted: frozenset[tuple[Mode, str]]) -> Iterator[str]:
    """What failed; not what was stopped because that was wanted, unless it may go on outside."""
    if run.state != "failed":
        return
    for plan in way.actions:
        failure = _failure(run, plan.name)
        if failure is None or plan.on_error != "fail":
            continue
        if (mode, plan.name) not in wanted or failure.kind == "outcome_unknown":
            yield f"action '{plan.name}' failed: {failure.message}"


def _standing(rollback: RollbackView | None) -> Iterator[str]:
    """What the rollback of this try did not undo."""
    if rollback is None:
        return
    if rollback.run is None:
        names = ", ".join(name for _, name in rollback.actions)
        yield f"the rollback's run is gone from Airflow, so what it did not undo is possibly left standing: {names}"
        return
    over = rollback.run.state not in {"queued", "running"}
    places = [rollback.run.tasks.get(undo_task_id(place)) for place in range(1, len(rollback.actions) + 1)]
    left = [
        name
        for (_, name), task in zip(rollback.actions, places, strict=True)
        if task is not None and (task.state == "failed" or (over and task.state != "success"))
    ]
    if left:
        yield f"not undone, so possibly left standing: {', '.join(left)}"


def warnings_of(way: FulfillmentPlan, run: RunView, escalation: EscalationView | None) -> tuple[str, ...]:
    """What failed without failing the request, and that people took it over."""
    told = _passed_over(way, run)
    if escalation is None:
        return told
    told = (*told, f"the automatic fulfillment failed, and the manual one took over: {failure_of(way, run)}")
    return told if escalation.run is None else (*told, *_passed_over(escalation.way, escalation.run))


def _passed_over(way: FulfillmentPlan, run: RunView) -> tuple[str, ...]:
    return tuple(
        f"action '{plan.name}' did not succeed: {failure.message}"
        for plan in way.actions
        if plan.on_error == "continue" and (failure := _failure(run, plan.name)) is not None
    )


def _failure(run: RunView, action: str) -> ActionFailure | None:
    task = run.tasks.get(action_task_id(action))
    if task is None or task.report is None or task.state not in {"success", "failed", "skipped"}:
        return None
    return task.report.error
