"""Runs and tasks as the status is derived from them, for the tests of statuses and undoing."""

from __future__ import annotations

import datetime as dt
from typing import Any

from api_plugin.status_views import RunView, TaskView
from catalog_compiler.run_format import ActionFailure, ActionReport


def at(minute: int) -> dt.datetime:
    """A moment of the one hour in which everything happens."""
    return dt.datetime(2026, 1, 31, 10, minute, tzinfo=dt.UTC)


def a_report(outcome: Any = "completed", *, ended: int = 5, effect_possible: bool = False, **more: Any) -> ActionReport:
    """What an action left; one that did not complete tells why."""
    error = None
    if outcome in {"failed", "outcome_unknown"}:
        kind = "permanent" if outcome == "failed" else "outcome_unknown"
        error = ActionFailure(message="the target said no", kind=kind, effect_possible=effect_possible)
    known: dict[str, Any] = {"attempts": 1, "try_number": 1, "started_at": at(1), "ended_at": at(ended)}
    return ActionReport(outcome=outcome, error=error, **(known | more))


def a_task(state: str | None, report: ActionReport | None = None, **more: Any) -> TaskView:
    """A task instance; started unless it says otherwise."""
    known: dict[str, Any] = {"try_number": 1, "started_at": at(1), "ended_at": None}
    return TaskView(state=state, report=report, **(known | more))


def done(ended: int = 5) -> TaskView:
    """A task whose action completed at that minute."""
    return a_task("success", a_report(ended=ended))


def refused() -> TaskView:
    """A task whose action failed without an effect."""
    return a_task("failed", a_report("failed"))


def a_run(state: str, **tasks: TaskView) -> RunView:
    """A DAG run."""
    return RunView(
        state=state,
        clear_number=0,
        started_at=None if state == "queued" else at(0),
        ended_at=at(30) if state in {"success", "failed"} else None,
        tasks=tasks,
    )
