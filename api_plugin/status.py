"""What a request's status is: derived from Airflow's state, and from nothing else. Pure; a table test covers it.

The reader gives what it found of the request's run and of its rollback run; see `api_plugin.airflow_state`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
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
    "cancelled",
    "outcome_unknown",
    "rolled_back",
    "rollback_failed",
]
RollbackStatus = Literal["rolling_back", "rolled_back", "rollback_failed"]
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
    cancels: bool = False
    """Whether it is a part of cancelling the request, and not asked for by its policy or by a person."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CancellationView:
    """That a person cancelled a request's present try, which Airflow knows as a run marked failed."""

    at: dt.datetime
    undo: bool
    """Whether what was done is to be undone."""
    stopped: frozenset[str]
    """Names of the actions that were at work, and so were stopped in the middle."""
    waits: bool
    """Whether what they were at may still be stopping: for a while, those that have left no report are waited for."""


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
    rollback: RollbackStatus | None
    """What became of the rollback of this try, where there is one."""
    rollback_try: str | None
    """Tells that rollback from an earlier one of this try, and from itself before a person cleared it."""
    clear_number: int
    """Which try of the run it is: each clear by a person begins a new one."""
    by_hand: bool
    """Whether the run may have ended by a person's mark: not all of its tasks ended by themselves."""

    @property
    def ended(self) -> bool:
        """Whether nothing more happens by itself."""
        return self.status in ENDED


def derive(
    way: FulfillmentPlan, run: RunView, rollback: RollbackView | None, cancellation: CancellationView | None = None
) -> RequestView:
    """The status of a request from its run, and from the rollback and the cancellation of its present try."""
    actions = tuple(_action(plan, run, rollback, cancellation) for plan in way.actions)
    undone = None if rollback is None else _rollback_status(rollback)
    status, at = _status(way, run, rollback, cancellation)
    return RequestView(
        status=status,
        at=at,
        started_at=run.started_at,
        actions=actions,
        error=_error(way, run, rollback, cancellation, actions),
        warnings=_warnings(way, run),
        rollback=None if undone is None else undone[0],
        rollback_try=None if rollback is None else _rollback_try(rollback),
        clear_number=run.clear_number,
        by_hand=run.state in {"success", "failed"} and any(map(_ended_by_hand, run.tasks.values())),
    )


def _status(
    way: FulfillmentPlan, run: RunView, rollback: RollbackView | None, cancellation: CancellationView | None
) -> tuple[RequestStatus, dt.datetime | None]:
    if rollback is not None:
        status, at = _rollback_status(rollback)
        if not rollback.cancels or cancellation is None:
            return status, at
        return ("cancelling", cancellation.at) if status == "rolling_back" else ("cancelled", at)
    if cancellation is not None and run.state != "success":
        return _cancel_status(way, run, cancellation)
    return _run_status(way, run)


def _run_status(way: FulfillmentPlan, run: RunView) -> tuple[RequestStatus, dt.datetime | None]:
    """That of a request for which nothing was started beside its run."""
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


def _cancel_status(
    way: FulfillmentPlan, run: RunView, cancellation: CancellationView
) -> tuple[RequestStatus, dt.datetime | None]:
    """That of a cancelled request without a rollback: it has ended when nothing is to be stopped or undone any more."""
    due = cancellation.undo and undo_order(way, run.tasks)
    if run.state == "failed" and not due and not (cancellation.waits and _stopping(run, cancellation)):
        return "cancelled", run.ended_at
    return "cancelling", cancellation.at


def _stopping(run: RunView, cancellation: CancellationView) -> bool:
    """Whether an action that was stopped in the middle has not told yet what is left of it."""
    tasks = (run.tasks.get(action_task_id(name)) for name in cancellation.stopped)
    return any(task is not None and stopped(task) for task in tasks)


def _rollback_status(rollback: RollbackView) -> tuple[RollbackStatus, dt.datetime | None]:
    run = rollback.run
    if run is None:
        return "rollback_failed", rollback.started_at
    if run.state in {"queued", "running"}:
        return "rolling_back", rollback.started_at
    # The run's own state tells of its last task alone.
    undone = all(task.state in {"success", "skipped"} for task in run.tasks.values())
    return "rolled_back" if undone else "rollback_failed", run.ended_at


def _rollback_try(rollback: RollbackView) -> str:
    return f"{rollback.started_at.isoformat()} {rollback.run.clear_number if rollback.run else 0}"


def _ended_by_hand(task: TaskView) -> bool:
    return task.report is None and task.state in {None, "success", "failed", "skipped"}


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


def _action(
    plan: ActionPlan, run: RunView, rollback: RollbackView | None, cancellation: CancellationView | None
) -> ActionView:
    pending = pending_action(plan)
    task = run.tasks.get(action_task_id(plan.name))
    if task is None:
        return pending
    report, progress = task.report, task.progress
    return replace(
        pending,
        status=_undone(plan.name, rollback) or _cancelled(plan.name, task, cancellation) or _action_status(task, run),
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


def _cancelled(name: str, task: TaskView, cancellation: CancellationView | None) -> ActionStatus | None:
    """`cancelled`, where cancelling the request ended the action in the middle."""
    if cancellation is None or name not in cancellation.stopped or task.state not in {"failed", "skipped"}:
        return None
    return "cancelled"


def _undone(name: str, rollback: RollbackView | None) -> ActionStatus | None:
    if rollback is None or rollback.run is None or name not in rollback.actions:
        return None
    task = rollback.run.tasks.get(undo_task_id(rollback.actions.index(name) + 1))
    if task is None:
        return None
    states: dict[str | None, ActionStatus] = {"success": "rolled_back", "failed": "rollback_failed"}
    return states.get(task.state)


def _error(
    way: FulfillmentPlan,
    run: RunView,
    rollback: RollbackView | None,
    cancellation: CancellationView | None,
    actions: tuple[ActionView, ...],
) -> str | None:
    """What went wrong, for people; a request that was cancelled and undone as they wanted it has no error."""
    said = [*_failures(way, run, cancellation), *_standing(rollback, actions)]
    if said or run.state != "failed" or cancellation is not None:
        return "; ".join(said) or None
    return "the run was marked failed in Airflow, or ran out of time"


def _failures(way: FulfillmentPlan, run: RunView, cancellation: CancellationView | None) -> Iterator[str]:
    if run.state != "failed":
        return
    for plan in way.actions:
        failure = _failure(run, plan.name)
        if failure is None or plan.on_error != "fail":
            continue
        as_wanted = cancellation is not None and plan.name in cancellation.stopped
        if not as_wanted or failure.kind == "outcome_unknown":
            yield f"action '{plan.name}' failed: {failure.message}"


def _standing(rollback: RollbackView | None, actions: tuple[ActionView, ...]) -> Iterator[str]:
    """What the rollback of this try did not undo."""
    if rollback is not None and rollback.run is None:
        names = ", ".join(rollback.actions)
        yield f"the rollback's run is gone from Airflow, so what it did not undo is possibly left standing: {names}"
    if left := [action.name for action in actions if action.status == "rollback_failed"]:
        yield f"not undone, so possibly left standing: {', '.join(left)}"


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
