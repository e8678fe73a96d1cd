"""Every combination of what Airflow may have of a request, and of what persons did, has one status: one rule for each.

The combinations are made, not chosen: each state of a run, of its tasks with each report that they may have left, of a
rollback, of a manual fulfillment, and of a cancellation, under each policy.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, get_args

import pytest
from airflow.utils.state import State, TaskInstanceState

from api_plugin.status import derive
from api_plugin.status_views import (
    ENDED,
    ActionStatus,
    CancellationView,
    EscalationView,
    RequestStatus,
    RequestView,
    RollbackView,
)
from api_plugin.undoing import undo_order
from tests.api_plugin.runs import a_report, a_run, a_task, at, done
from tests.items import UNDO, action, item_plan

PLAN = item_plan("queue", action("a", rollback=UNDO), action("b", rollback=UNDO))
RUN_STATES = ("queued", "running", "success", "failed")
POLICIES = ("rollback", "hold", "escalate")
REPORTS = (
    None,
    a_report("completed"),
    a_report("failed"),
    a_report("failed", effect_possible=True),
    a_report("outcome_unknown", effect_possible=True),
    a_report("skipped"),
)
TASKS = (
    None,
    *(a_task(None if state is None else state.value, started_at=started)
      for state in (None, *TaskInstanceState) if state not in State.finished for started in (None, at(1))),
    *(a_task(state.value, report) for state in State.finished for report in REPORTS),
    a_task("skipped", started_at=None),
)  # fmt: skip
"""Each state of a task, with each report that one may have left; None where the task is gone."""


def ended(*states):
    tasks = {f"undo-{place}": a_task(state) for place, state in enumerate(states, start=1)}
    return a_run("success", **tasks)


ROLLBACKS = {
    "none": None,
    "gone": "gone",
    "queued": a_run("queued"),
    "running": a_run("running", **{"undo-1": a_task("success"), "undo-2": a_task("deferred")}),
    "all undone": ended("success", "success"),
    "one left": ended("failed", "success"),
    "one stopped": a_run("failed", **{"undo-1": a_task("success"), "undo-2": a_task("failed")}),
}
ESCALATIONS = ("none", "not started", *RUN_STATES)
CANCELLATIONS = {
    "none": None,
    **{
        f"{'undone' if undo else 'left'}, {'stopping' if waits else 'stopped'}": CancellationView(
            at=at(29), undo=undo, waits=waits, stopped=frozenset({("automatic", "b")})
        )
        for undo in (True, False)
        for waits in (True, False)
    },
}


@dataclass(frozen=True, kw_only=True)
class Case:
    """One combination."""

    policy: str
    run: Any
    rollback: str
    cancels: bool
    escalation: str
    cancellation: str

    @property
    def way(self):
        return PLAN.fulfillment("automatic").model_copy(update={"on_failure": self.policy})

    @property
    def undoable(self) -> bool:
        return bool(undo_order(self.way, self.run.tasks))

    @property
    def stopping(self) -> bool:
        """Whether the action that was stopped has not told what is left, and is still waited for."""
        task, wanted = self.run.tasks.get("b"), CANCELLATIONS[self.cancellation]
        begun = task is not None and task.state in {"failed", "skipped"} and task.started_at is not None
        return bool(wanted and wanted.waits and begun and task.report is None)

    def view(self) -> RequestView:
        run, rollback, escalation = ROLLBACKS[self.rollback], None, None
        if run is not None:
            rollback = RollbackView(
                run=None if run == "gone" else run,
                actions=(("automatic", "b"), ("automatic", "a")),
                started_at=at(31),
                cancels=self.cancels,
            )
        if self.escalation != "none":
            manual = None if self.escalation == "not started" else a_run(self.escalation)
            escalation = EscalationView(way=PLAN.manual, run=manual, started_at=at(31))
        return derive(self.way, self.run, rollback, CANCELLATIONS[self.cancellation], escalation=escalation)


def cases():
    """All of them."""
    for state, a, b in itertools.product(RUN_STATES, (None, a_task(None, started_at=None), done()), TASKS):
        run = a_run(state, **{name: task for name, task in (("a", a), ("b", b)) if task is not None})
        for policy, rollback, escalation, cancellation in itertools.product(
            POLICIES, ROLLBACKS, ESCALATIONS, CANCELLATIONS
        ):
            if escalation != "none" and (policy == "hold" or (b is not None and b.report is not None)):
                # What its tasks left makes no difference to whose turn it is.
                continue
            yield Case(
                policy=policy,
                run=run,
                rollback=rollback,
                cancels=cancellation.startswith("undone"),
                escalation=escalation,
                cancellation=cancellation,
            )


def cancelled(case: Case) -> bool:
    return case.cancellation != "none"


UNDONE = {"gone": "rollback_failed", "queued": "rolling_back", "running": "rolling_back", "all undone": "rolled_back",
          "one left": "rollback_failed", "one stopped": "rollback_failed"}  # fmt: skip

RULES: list[tuple[str, Callable[[Case], bool], Callable[[Case], RequestStatus] | RequestStatus]] = [
    (
        "what cancelling undoes is a part of it, and ends it, however it ends",
        lambda case: case.rollback != "none" and cancelled(case) and case.cancels,
        lambda case: "cancelling" if case.rollback in {"queued", "running"} else "cancelled",
    ),
    (
        "a rollback decides for all other requests that have one",
        lambda case: case.rollback != "none",
        lambda case: UNDONE[case.rollback],
    ),
    ("a run that is a success, of itself or by a person, has completed", lambda case: case.run.state == "success",
     "completed"),
    (
        "cancelled, while anything of it runs: it is being stopped",
        lambda case: cancelled(case)
        and (case.run.state != "failed" or case.escalation in {"queued", "running"}),
        "cancelling",
    ),
    (
        "cancelled, and what was done is about to be undone",
        lambda case: case.cancellation.startswith("undone") and case.undoable,
        "cancelling",
    ),
    ("cancelled, and what was at work is being stopped", lambda case: cancelled(case) and case.stopping, "cancelling"),
    ("cancelled, and nothing is left to do", cancelled, "cancelled"),
    ("its run has not begun", lambda case: case.run.state == "queued", "queued"),
    ("its run is at work", lambda case: case.run.state == "running", "in_progress"),
    (
        "people took it over, and are at it",
        lambda case: case.escalation in {"queued", "running"},
        "in_progress",
    ),
    ("people have done it", lambda case: case.escalation == "success", "completed"),
    (
        "people could not do it either, and what was done is about to be undone",
        lambda case: case.escalation == "failed" and PLAN.manual.on_failure == "rollback" and case.undoable,
        "rolling_back",
    ),
    ("people could not do it, or not begin", lambda case: case.escalation != "none", "failed"),
    ("it failed, and people are about to take it over", lambda case: case.policy == "escalate", "in_progress"),
    (
        "it failed, and what was done is about to be undone",
        lambda case: case.policy == "rollback" and case.undoable,
        "rolling_back",
    ),
    ("it failed, with nothing to undo, or is held as it is", lambda _case: True, "failed"),
]  # fmt: skip


def test_every_combination_has_its_status():
    """The first rule that fits decides; none is missing, and none of the rules is there in vain."""
    used: Counter[str] = Counter()
    for case in cases():
        name, _, expected = next(rule for rule in RULES if rule[1](case))
        view = case.view()
        wanted = expected if isinstance(expected, str) else expected(case)
        assert wanted == view.status, (name, case)
        used[name] += 1
        _check(case, view)

    assert [rule[0] for rule in RULES] == [rule[0] for rule in RULES if used[rule[0]]]
    assert sum(used.values()) > 50_000


def _check(case: Case, view: RequestView) -> None:
    """What holds for all of them."""
    statuses = {each.status for each in view.actions}
    assert statuses <= set(get_args(ActionStatus)), case
    assert view.ended is (view.status in ENDED), case
    assert (view.rollback is None) is (case.rollback == "none"), case
    if view.status in {"failed", "rollback_failed"}:
        # Only a rollback that nobody needed can fail of a run that a person marked as a success.
        assert view.error or case.run.state != "failed", case
    if view.status == "completed" and case.escalation == "none":
        assert view.error is None, case
    if "rollback_failed" in statuses:
        assert view.error is not None, case
        assert "possibly left standing" in view.error, case
    if view.status == "cancelled" and case.rollback in {"gone", "one left", "one stopped"}:
        assert view.error is not None, case
        assert "left standing" in view.error, case


@pytest.mark.parametrize("status", get_args(RequestStatus)[2:])
def test_every_status_can_be_reached(status):
    """But those that a request has only while it is being accepted."""
    assert any(case.view().status == status for case in cases() if case.cancels or case.cancellation == "none")
