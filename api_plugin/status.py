"""What a request's status is: derived from Airflow's state, and from nothing else. Pure; a table test covers it.

The reader gives what it found of the request's run and of its rollback run; see `api_plugin.airflow_state`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from pydantic import JsonValue

from api_plugin.undoing import stopped, undo_order
from catalog_compiler.plan import ActionPlan, FulfillmentPlan
from catalog_compiler.run_format import ActionFailure, ActionReport, action_task_id, undo_task_id

RequestStatus = Literal[
    "submitted",
    "validated",
    "queued",
    "in_progress",
    "completed",
    "failed",
    "cancelling",
    "cancelled",
    "rolling_back",
    "rolled_back",
    "rollback_failed",
]
ActionStatus = Literal[
    "pending",
    "running",
    "waiting",
    "retrying",
    "completed",
    "failed",
    "skipped",
    "outcome_unknown",
    "rolled_back",
    "rollback_failed",
]
ENDED: frozenset[RequestStatus] = frozenset({"completed", "failed", "cancelled", "rolled_back", "rollback_failed"})
DEFAULT_ATTEMPTS = 4
"""The first try and three retries: what an action whose item says nothing may take."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ProgressView:
    """What an action told while it ran: that it waits for something outside."""

    url: str | None
    """Where a person can look at it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskView:
    """A task instance, as far as statuses need it."""

    state: str | None
    try_number: int
    started_at: dt.datetime | None
    ended_at: dt.datetime | None
    report: ActionReport | None
    """Of this try; that of an earlier one is not given."""
    memory: Mapping[str, JsonValue] = field(default_factory=dict)
    """What the attempt loop keeps while the action runs."""
    progress: ProgressView | None = None
    """What this try told last; None where it told nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RunView:
    """A DAG run with its task instances."""

    state: str
    clear_number: int
    started_at: dt.datetime | None
    ended_at: dt.datetime | None
    tasks: Mapping[str, TaskView]


@dataclass(frozen=True, kw_only=True, slots=True)
class RollbackView:
    """A rollback that was started for a request's present try."""

    run: RunView | None
    """None where its rows are gone."""
    actions: tuple[str, ...]
    started_at: dt.datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class ActionView:
    """An action of a request."""

    name: str
    type: str
    status: ActionStatus
    attempt: int
    max_attempts: int
    started_at: dt.datetime | None
    ended_at: dt.datetime | None
    outputs: Mapping[str, JsonValue]
    error: str | None
    url: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestView:
    """A request's status with what it is made of."""

    status: RequestStatus
    at: dt.datetime | None
    """Since when it has that status, as far as Airflow knows."""
    started_at: dt.datetime | None
    actions: tuple[ActionView, ...]
    error: str | None
    warnings: tuple[str, ...]

    @property
    def ended(self) -> bool:
        """Whether nothing more happens by itself."""
        return self.status in ENDED


def derive(way: FulfillmentPlan, run: RunView, rollback: RollbackView | None) -> RequestView:
    """The status of a request from its run, and from the rollback of its present try where there is one."""
    actions = tuple(_action(plan, run, rollback) for plan in way.actions)
    status, at = _status(way, run, rollback)
    return RequestView(
        status=status,
        at=at,
        started_at=run.started_at,
        actions=actions,
        error=_error(way, run, rollback, actions) if run.state == "failed" else None,
        warnings=_warnings(way, run),
    )


def _status(
    way: FulfillmentPlan, run: RunView, rollback: RollbackView | None
) -> tuple[RequestStatus, dt.datetime | None]:
    if rollback is not None:
        return _rollback_status(rollback)
    if run.state == "queued":
        return "queued", None
    if run.state == "running":
        return "in_progress", run.started_at
    if run.state == "success":
        return "completed", run.ended_at
    if way.on_failure == "rollback" and undo_order(way, run.tasks):
        # The rollback is about to be started: a request does not rest at `failed` before.
        return "rolling_back", run.ended_at
    return "failed", run.ended_at


def _rollback_status(rollback: RollbackView) -> tuple[RequestStatus, dt.datetime | None]:
    run = rollback.run
    if run is None:
        return "rollback_failed", rollback.started_at
    if run.state in {"queued", "running"}:
        return "rolling_back", rollback.started_at
    # The run's own state tells of its last task alone.
    undone = all(task.state in {"success", "skipped"} for task in run.tasks.values())
    return "rolled_back" if undone else "rollback_failed", run.ended_at


def pending_action(plan: ActionPlan) -> ActionView:
    """An action that has not begun."""
    retries = plan.retry.attempts if plan.retry else DEFAULT_ATTEMPTS - 1
    return ActionView(
        name=plan.name,
        type=plan.type,
        status="pending",
        attempt=0,
        max_attempts=retries + 1,
        started_at=None,
        ended_at=None,
        outputs={},
        error=None,
        url=None,
    )


def _action(plan: ActionPlan, run: RunView, rollback: RollbackView | None) -> ActionView:
    pending = pending_action(plan)
    task = run.tasks.get(action_task_id(plan.name))
    if task is None:
        return pending
    report, progress = task.report, task.progress
    return replace(
        pending,
        status=_undone(plan.name, rollback) or _action_status(task, run),
        attempt=_attempt(task),
        started_at=report.started_at if report else task.started_at,
        ended_at=report.ended_at if report else task.ended_at,
        outputs=report.outputs if report else {},
        error=report.error.message if report and report.error else None,
        url=(report.url if report else None) or (progress.url if progress else None),
    )


def _action_status(task: TaskView, run: RunView) -> ActionStatus:
    report = task.report
    match task.state:
        case "success":
            # A person may have marked it; then there is no report, or one of a failure that is overruled by nobody.
            return _outcome(report) if report else "completed"
        case "failed":
            return "outcome_unknown" if report and report.outcome == "outcome_unknown" else "failed"
        case "skipped" | "upstream_failed" | "removed":
            # What was at work when its run ran out of time was not passed over.
            return "failed" if stopped(task) or (report and report.error) else "skipped"
        case "deferred" | "running" | "awaiting_input":
            return _at_work(task)
        case "up_for_retry" | "restarting":
            # Its worker died; Airflow starts it again by itself.
            return "retrying"
        case _:
            return "pending" if run.state in {"queued", "running"} else "skipped"


def _at_work(task: TaskView) -> ActionStatus:
    if _attempts(task).get("next_at"):
        return "retrying"
    return "running" if task.progress is None else "waiting"


def _outcome(report: ActionReport) -> ActionStatus:
    return report.outcome


def _attempt(task: TaskView) -> int:
    if task.report is not None:
        return task.report.attempts
    if task.state in {"deferred", "running"}:
        begun = _attempts(task).get("attempt", 1)
        return begun if isinstance(begun, int) else 1
    return 0


def _attempts(task: TaskView) -> Mapping[str, JsonValue]:
    """The attempt loop's own part of what a running action keeps."""
    part = task.memory.get("attempts")
    return part if isinstance(part, dict) else {}


def _undone(name: str, rollback: RollbackView | None) -> ActionStatus | None:
    if rollback is None or rollback.run is None or name not in rollback.actions:
        return None
    task = rollback.run.tasks.get(undo_task_id(rollback.actions.index(name) + 1))
    if task is None:
        return None
    states: dict[str | None, ActionStatus] = {"success": "rolled_back", "failed": "rollback_failed"}
    return states.get(task.state)


def _error(way: FulfillmentPlan, run: RunView, rollback: RollbackView | None, actions: tuple[ActionView, ...]) -> str:
    failed = [
        f"action '{plan.name}' failed: {failure.message}"
        for plan in way.actions
        if plan.on_error == "fail" and (failure := _failure(run, plan.name)) is not None
    ]
    standing = [action.name for action in actions if action.status == "rollback_failed"]
    if standing and rollback is not None and rollback.run is not None:
        failed.append(f"not undone, so possibly left standing: {', '.join(standing)}")
    return "; ".join(failed) or "the run was marked failed in Airflow, or ran out of time"


def _warnings(way: FulfillmentPlan, run: RunView) -> tuple[str, ...]:
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
