"""What the status of an action is: derived from its task, and from what was undone or cancelled of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pydantic import JsonValue

from api_plugin.status_views import ActionStatus, ActionView, CancellationView, RollbackView, RunView, TaskView
from api_plugin.undoing import stopped
from catalog_compiler.actions import action_types
from catalog_compiler.plan import ActionPlan, Mode
from catalog_compiler.run_format import ActionReport, action_task_id, undo_task_id

DEFAULT_ATTEMPTS = 4
"""The first try and three retries: what an action whose item says nothing may take."""


def pending_action(plan: ActionPlan, mode: Mode) -> ActionView:
    """An action that has not begun."""
    retries = plan.retry.attempts if plan.retry else DEFAULT_ATTEMPTS - 1
    return ActionView(
        name=plan.name,
        mode=mode,
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


def action_view(
    plan: ActionPlan,
    mode: Mode,
    run: RunView,
    rollback: RollbackView | None,
    cancellation: CancellationView | None,
) -> ActionView:
    """An action as its task, and what was undone or cancelled of it, have it now."""
    pending = pending_action(plan, mode)
    task = run.tasks.get(action_task_id(plan.name))
    if task is None:
        waits: ActionStatus = "pending" if run.state in {"queued", "running"} else "skipped"
        return replace(pending, status=_undone(mode, plan.name, rollback) or waits)
    report = task.report
    return replace(
        pending,
        status=_undone(mode, plan.name, rollback)
        or _cancelled((mode, plan.name), task, cancellation)
        or _action_status(task, run),
        attempt=_attempt(task),
        started_at=report.started_at if report else task.started_at,
        ended_at=report.ended_at if report else task.ended_at,
        outputs=report.outputs if report else _outputs_so_far(plan, task),
        error=report.error.message if report and report.error else None,
        url=_url(task),
        undo_url=_undo_url((mode, plan.name), rollback),
    )


def _url(task: TaskView) -> str | None:
    report, progress = task.report, task.progress
    return (report.url if report else None) or (progress.url if progress else None)


def _outputs_so_far(plan: ActionPlan, task: TaskView) -> Mapping[str, JsonValue]:
    """What an action that waits has made already, such as a ticket's key: as far as its type shows that."""
    kind, state = action_types().get(plan.type), task.memory.get("action")
    if (
        kind is None
        or task.progress is None
        or task.state not in {"deferred", "running"}
        or not isinstance(state, dict)
    ):
        return {}
    made = kind.made(state) if kind.shown_while_waiting else None
    outputs = made.outputs if made else {}
    return {name: value for name, value in outputs.items() if name in kind.shown_while_waiting}


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


def _cancelled(action: tuple[Mode, str], task: TaskView, cancellation: CancellationView | None) -> ActionStatus | None:
    """`cancelled`, where cancelling the request ended the action in the middle."""
    if cancellation is None or action not in cancellation.stopped or task.state not in {"failed", "skipped"}:
        return None
    return "cancelled"


def _undo_url(action: tuple[Mode, str], rollback: RollbackView | None) -> str | None:
    task = _undo(action, rollback)
    return None if task is None else _url(task)


def _undo(action: tuple[Mode, str], rollback: RollbackView | None) -> TaskView | None:
    """The task that undoes an action."""
    if rollback is None or rollback.run is None or action not in rollback.actions:
        return None
    # The last place undoes the rest, where the item's DAG has fewer than the request needs.
    place = min(rollback.actions.index(action) + 1, len(rollback.run.tasks))
    return rollback.run.tasks.get(undo_task_id(place))


def _undone(mode: Mode, name: str, rollback: RollbackView | None) -> ActionStatus | None:
    task = _undo((mode, name), rollback)
    if task is None:
        return None
    states: dict[str | None, ActionStatus] = {"success": "rolled_back", "failed": "rollback_failed"}
    return states.get(task.state)
