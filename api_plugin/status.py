"""What a request's status is: derived from Airflow's state, and from nothing else. Pure; a table test covers it.

The reader gives what it found of the request's run and of its rollback run; see `api_plugin.airflow_state`.
"""

from __future__ import annotations

import datetime as dt

from api_plugin.action_status import action_view
from api_plugin.failure_texts import error_of, warnings_of
from api_plugin.status_views import (
    CancellationView,
    EscalationView,
    RequestStatus,
    RequestView,
    RollbackStatus,
    RollbackView,
    RunView,
    TaskView,
)
from api_plugin.undoing import stopped, undo_order
from api_plugin.ways import Ways
from catalog_compiler.plan import FulfillmentPlan, Mode
from catalog_compiler.run_format import action_task_id, undo_task_id


def derive(  # noqa: PLR0913 - everything that there may be of a request
    way: FulfillmentPlan,
    run: RunView,
    rollback: RollbackView | None,
    cancellation: CancellationView | None = None,
    *,
    mode: Mode = "automatic",
    escalation: EscalationView | None = None,
) -> RequestView:
    """The status of a request from its run, and from what was started, or cancelled, of its present try.

    `way` and `mode` are those that it was ordered in. A person who marks the run as successful ends its escalation.
    """
    taken_over = escalation if run.state == "failed" else None
    actions = tuple(action_view(plan, mode, run, rollback, cancellation) for plan in way.actions)
    if taken_over is not None:
        manual = taken_over.run or _NO_RUN
        actions += tuple(action_view(plan, "manual", manual, rollback, cancellation) for plan in taken_over.way.actions)
    undone = None if rollback is None else _rollback_status(rollback)
    ways = Ways(ordered=way, mode=mode, run=run, escalation=taken_over)
    status, at = _status(ways, rollback, cancellation)
    return RequestView(
        status=status,
        at=at,
        started_at=run.started_at,
        actions=actions,
        error=error_of(ways, rollback, cancellation),
        warnings=warnings_of(way, run, taken_over),
        rollback=None if undone is None else undone[0],
        rollback_try=None if rollback is None else _rollback_try(rollback),
        clear_number=run.clear_number,
        by_hand=run.state in {"success", "failed"} and any(map(_ended_by_hand, run.tasks.values())),
    )


_NO_RUN = RunView(state="failed", clear_number=0, started_at=None, ended_at=None, tasks={})


def _status(
    ways: Ways, rollback: RollbackView | None, cancellation: CancellationView | None
) -> tuple[RequestStatus, dt.datetime | None]:
    if rollback is not None:
        status, at = _rollback_status(rollback)
        if not rollback.cancels or cancellation is None:
            return status, at
        return ("cancelling", cancellation.at) if status == "rolling_back" else ("cancelled", at)
    if cancellation is not None and ways.run.state != "success":
        return _cancel_status(ways, cancellation)
    if ways.escalation is None:
        return _run_status(ways.ordered, ways.run)
    return _escalation_status(ways, ways.escalation)


def _escalation_status(ways: Ways, escalation: EscalationView) -> tuple[RequestStatus, dt.datetime | None]:
    manual = escalation.run
    if manual is None:
        return "failed", escalation.started_at
    if manual.state in {"queued", "running"}:
        return "in_progress", escalation.started_at
    if manual.state == "success":
        return "completed", manual.ended_at
    undone = escalation.way.on_failure == "rollback" and ways.undoable
    return "rolling_back" if undone else "failed", manual.ended_at


def _run_status(way: FulfillmentPlan, run: RunView) -> tuple[RequestStatus, dt.datetime | None]:
    """That of a request for which nothing was started beside its run."""
    if run.state == "queued":
        return "queued", None
    if run.state == "running":
        return "in_progress", run.started_at
    if run.state == "success":
        return "completed", run.ended_at
    if way.on_failure == "escalate":
        # The manual fulfillment is about to be started.
        return "in_progress", run.started_at
    if way.on_failure == "rollback" and undo_order(way, run.tasks):
        # The rollback is about to be started: a request does not rest at `failed` before.
        return "rolling_back", run.ended_at
    return "failed", run.ended_at


def _cancel_status(ways: Ways, cancellation: CancellationView) -> tuple[RequestStatus, dt.datetime | None]:
    """That of a cancelled request without a rollback: it has ended when nothing is to be stopped or undone any more."""
    due = cancellation.undo and ways.undoable
    if ways.over and not due and not (cancellation.waits and _stopping(ways, cancellation)):
        return "cancelled", max((run.ended_at for _, _, run in ways.begun if run.ended_at), default=None)
    return "cancelling", cancellation.at


def _stopping(ways: Ways, cancellation: CancellationView) -> bool:
    """Whether an action that was stopped in the middle has not told yet what is left of it."""
    runs = {mode: run for mode, _, run in ways.begun}
    tasks = (runs[mode].tasks.get(action_task_id(name)) for mode, name in cancellation.stopped if mode in runs)
    return any(task is not None and stopped(task) for task in tasks)


def _rollback_status(rollback: RollbackView) -> tuple[RollbackStatus, dt.datetime | None]:
    run = rollback.run
    if run is None:
        return "rollback_failed", rollback.started_at
    if run.state in {"queued", "running"}:
        return "rolling_back", rollback.started_at
    # The run's own state tells of its last task alone, and places that it does not need are skipped.
    places = [run.tasks.get(undo_task_id(position)) for position in range(1, len(rollback.actions) + 1)]
    undone = all(task.state == "success" for task in places if task is not None)
    return "rolled_back" if undone else "rollback_failed", run.ended_at


def _rollback_try(rollback: RollbackView) -> str:
    return f"{rollback.started_at.isoformat()} {rollback.run.clear_number if rollback.run else 0}"


def _ended_by_hand(task: TaskView) -> bool:
    return task.report is None and task.state in {None, "success", "failed", "skipped"}
