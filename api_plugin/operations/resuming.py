"""Resumes a failed request at the action that failed: the outputs of those that completed stay."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy.orm import Session

from api_plugin.airflow_state import RunKey
from api_plugin.clearing import clear
from api_plugin.exceptions import conflict
from api_plugin.operations.acting import run_is_gone
from api_plugin.principals import Principal
from api_plugin.projection import mode_of, run_key
from api_plugin.queueing.holding import waits_for_turn
from api_plugin.rolling_back import Found
from api_plugin.status_views import RunView, TaskView


def resume(session: Session, found: Found, caller: Principal) -> tuple[str, ...]:
    """Clear what failed and what was not reached, of the way that failed last: the names; commits nothing.

    The run keeps its own revision of the item. Raises a 409 problem where no action is left to run.
    """
    key, run, held = _last_way(found)
    if run.kept:
        raise run_is_gone()
    names = tuple(_unfinished(run))
    if not names:
        raise conflict(
            "nothing-to-resume",
            "every action of this request has completed, and its run was marked failed in Airflow; mark it as "
            "successful there, or roll the request back",
        )
    clear(session, key, names, actor=caller.id, held=held)
    return names


def _last_way(found: Found) -> tuple[RunKey, RunView, bool]:
    """The run that failed last, and whether it waits for its turn."""
    escalation, manual = found.escalation, found.escalation_run
    if escalation is not None and manual is not None:
        return (escalation.dag_id, escalation.run_id), manual, False
    way = found.plan.fulfillment(mode_of(found.request))
    return run_key(found.request), found.run, waits_for_turn(found.request, way)


def _unfinished(run: RunView) -> Iterator[str]:
    for name, task in run.tasks.items():
        if task.state not in {"success", "removed"} and not _passed_over(task):
            yield name


def _passed_over(task: TaskView) -> bool:
    """Whether its condition did not hold; what a mark or a time-out skipped has left no report."""
    return task.state == "skipped" and task.report is not None and task.report.outcome == "skipped"
