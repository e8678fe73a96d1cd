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
from catalog_compiler.actions import action_types
from catalog_compiler.plan import ActionPlan, FulfillmentPlan, Mode
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
    kept: bool = False
    """Whether a part of it is from a snapshot, because Airflow has it no more."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RollbackView:
    """A rollback that was started for a request's present try."""

    run: RunView | None
    """None where its rows are gone."""
    actions: tuple[tuple[Mode, str], ...]
    """What it undoes, in that order: each by its way and its name."""
    started_at: dt.datetime
    cancels: bool = False
    """Whether it is a part of cancelling the request, and not asked for by its policy or by a person."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CancellationView:
    """That a person cancelled a request's present try, which Airflow knows as a run marked failed."""

    at: dt.datetime
    undo: bool
    """Whether what was done is to be undone."""
    stopped: frozenset[tuple[Mode, str]]
    """The actions that were at work, and so were stopped in the middle: each by its way and its name."""
    waits: bool
    """Whether what they were at may still be stopping: for a while, those that have left no report are waited for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EscalationView:
    """The manual fulfillment that took over a request's present try when the automatic one had failed."""

    way: FulfillmentPlan
    run: RunView | None
    """None where it could not be started, or its rows are gone."""
    started_at: dt.datetime
    failure: str | None = None
    """Why it could not be started."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ActionView:
    """An action of a request."""

    name: str
    mode: Mode
    """The way that it belongs to: a request that was escalated has actions of both."""
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
    actions = tuple(_action(plan, mode, run, rollback, cancellation) for plan in way.actions)
    if taken_over is not None:
        manual = taken_over.run or _NO_RUN
        actions += tuple(_action(plan, "manual", manual, rollback, cancellation) for plan in taken_over.way.actions)
    undone = None if rollback is None else _rollback_status(rollback)
    ways = _Ways(ordered=way, mode=mode, run=run, escalation=taken_over)
    status, at = _status(ways, rollback, cancellation)
    return RequestView(
        status=status,
        at=at,
        started_at=run.started_at,
        actions=actions,
        error=_error(ways, rollback, cancellation),
        warnings=_warnings(way, run, taken_over),
        rollback=None if undone is None else undone[0],
        rollback_try=None if rollback is None else _rollback_try(rollback),
        clear_number=run.clear_number,
        by_hand=run.state in {"success", "failed"} and any(map(_ended_by_hand, run.tasks.values())),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Ways:
    """The way in which a request was ordered, and the one that took it over; each with its run."""

    ordered: FulfillmentPlan
    mode: Mode
    run: RunView
    escalation: EscalationView | None

    @property
    def begun(self) -> tuple[tuple[Mode, FulfillmentPlan, RunView], ...]:
        """Those that have a run."""
        first = ((self.mode, self.ordered, self.run),)
        if self.escalation is None or self.escalation.run is None:
            return first
        return (*first, ("manual", self.escalation.way, self.escalation.run))

    @property
    def over(self) -> bool:
        """Whether nothing of either runs."""
        return all(run.state not in {"queued", "running"} for _, _, run in self.begun)

    @property
    def undoable(self) -> bool:
        """Whether anything was done that can be undone."""
        return any(undo_order(way, run.tasks) for _, way, run in self.begun)


_NO_RUN = RunView(state="failed", clear_number=0, started_at=None, ended_at=None, tasks={})


def _status(
    ways: _Ways, rollback: RollbackView | None, cancellation: CancellationView | None
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


def _escalation_status(ways: _Ways, escalation: EscalationView) -> tuple[RequestStatus, dt.datetime | None]:
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


def _cancel_status(ways: _Ways, cancellation: CancellationView) -> tuple[RequestStatus, dt.datetime | None]:
    """That of a cancelled request without a rollback: it has ended when nothing is to be stopped or undone any more."""
    due = cancellation.undo and ways.undoable
    if ways.over and not due and not (cancellation.waits and _stopping(ways, cancellation)):
        return "cancelled", max((run.ended_at for _, _, run in ways.begun if run.ended_at), default=None)
    return "cancelling", cancellation.at


def _stopping(ways: _Ways, cancellation: CancellationView) -> bool:
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


def _action(
    plan: ActionPlan,
    mode: Mode,
    run: RunView,
    rollback: RollbackView | None,
    cancellation: CancellationView | None,
) -> ActionView:
    pending = pending_action(plan, mode)
    task = run.tasks.get(action_task_id(plan.name))
    if task is None:
        waits: ActionStatus = "pending" if run.state in {"queued", "running"} else "skipped"
        return replace(pending, status=_undone(mode, plan.name, rollback) or waits)
    report, progress = task.report, task.progress
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
        url=(report.url if report else None) or (progress.url if progress else None),
    )


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


def _undone(mode: Mode, name: str, rollback: RollbackView | None) -> ActionStatus | None:
    if rollback is None or rollback.run is None or (mode, name) not in rollback.actions:
        return None
    # The last place undoes the rest, where the item's DAG has fewer than the request needs.
    place = min(rollback.actions.index((mode, name)) + 1, len(rollback.run.tasks))
    task = rollback.run.tasks.get(undo_task_id(place))
    if task is None:
        return None
    states: dict[str | None, ActionStatus] = {"success": "rolled_back", "failed": "rollback_failed"}
    return states.get(task.state)


def _error(
    ways: _Ways,
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


def _warnings(way: FulfillmentPlan, run: RunView, escalation: EscalationView | None) -> tuple[str, ...]:
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
