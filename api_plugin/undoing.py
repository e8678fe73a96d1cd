"""What a rollback has to undo, and in which order: decided from what ran. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from catalog_compiler.plan import ActionPlan, FulfillmentPlan, Mode
from catalog_compiler.run_format import action_task_id

if TYPE_CHECKING:
    from api_plugin.status_views import TaskView


@dataclass(frozen=True, kw_only=True, slots=True)
class WayRun:
    """A way of a request that was started."""

    mode: Mode
    way: FulfillmentPlan
    tasks: Mapping[str, TaskView]


@dataclass(frozen=True, kw_only=True, slots=True)
class ToUndo:
    """An action whose effect is to be undone."""

    mode: Mode
    action: ActionPlan
    try_number: int
    """Airflow's count of its tries."""


_NEVER = dt.datetime.min.replace(tzinfo=dt.UTC)


def undo_list(ways: Iterable[WayRun]) -> tuple[ToUndo, ...]:
    """What to undo of all ways of a request, newest first: `ways` are in the order in which they were started."""
    return tuple(
        ToUndo(mode=run.mode, action=run.way.action(name), try_number=run.tasks[action_task_id(name)].try_number)
        for run in reversed(list(ways))
        for name in undo_order(run.way, run.tasks)
    )


def undo_order(way: FulfillmentPlan, tasks: Mapping[str, TaskView]) -> tuple[str, ...]:
    """Names of the actions to undo, newest first.

    First those that failed or were stopped and may have had an effect, then the completed ones in the reverse order of
    their completion. An action without a `rollback` has nothing to undo.
    """
    stopped: list[tuple[dt.datetime, str]] = []
    completed: list[tuple[dt.datetime, str]] = []
    for plan in way.actions:
        task = tasks.get(action_task_id(plan.name))
        if plan.rollback is None or task is None:
            continue
        report = task.report
        ended = (report.ended_at if report else task.ended_at) or _NEVER
        if task.state == "success" and (report is None or report.outcome == "completed"):
            completed.append((ended, plan.name))
        elif _may_have_acted(task):
            stopped.append((ended, plan.name))
    return tuple(name for part in (stopped, completed) for _, name in sorted(part, reverse=True))


def _may_have_acted(task: TaskView) -> bool:
    """Whether an action that did not complete may have left something at its target."""
    if task.report is not None:
        error = task.report.error
        return task.report.outcome == "outcome_unknown" or (error is not None and error.effect_possible)
    return stopped(task)


def stopped(task: TaskView) -> bool:
    """Whether a task was ended in the middle and left no report: by a person, with its host, or as time ran out.

    Airflow then calls it failed, or skipped where its run took too long. What had not begun when its run was marked
    in Airflow is skipped as well, and has begun and ended in that moment.
    """
    begun = task.started_at is not None and task.started_at != task.ended_at
    return task.report is None and task.state in {"failed", "skipped"} and begun
