"""What statuses are derived from, and what they are made into. Values alone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from pydantic import JsonValue

from catalog_compiler.plan import FulfillmentPlan, Mode
from catalog_compiler.run_format import ActionReport

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
OPEN: tuple[RequestStatus, ...] = tuple(status for status in get_args(RequestStatus) if status not in ENDED)
"""All others. To ask for these by name finds the few requests by an index, whatever the number of those that ended."""


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
    undo_url: str | None = None
    """The thing outside that undoing it made, or waits for."""


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
