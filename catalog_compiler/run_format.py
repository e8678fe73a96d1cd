"""What crosses processes while a request runs: a DAG run's `conf`, and what each action leaves in XCom.

Written by the API and the hosts, read by both; versioned like the plan, so that old runs stay readable.
"""

from __future__ import annotations

import datetime as dt
import json
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from catalog_compiler.plan import Mode, UndoPlan

REPORT_KEY = "pao_report"
"""XCom key of an action's report."""
STATE_KEY = "pao_state"
"""XCom key of a running action's own memory; each try (Airflow's `try_number`) has its own."""
PROGRESS_KEY = "pao_progress"
"""XCom key of what a running action waits for: `{"try_number", "url"}`."""
TRY_KEY = "pao_try"
"""XCom key of the try that a person's clear led to, so that what still runs of the one before knows that it is over."""
REVOKED_KEY = "pao_revoked"
"""XCom key that says that the request was rolled back, so that its actions must not run again."""

DagKind = Literal["automatic", "manual", "rollback"]
ActionOutcome = Literal["completed", "failed", "skipped", "outcome_unknown"]


class RunModel(BaseModel):
    """Base of the models here: frozen, and readable with keys that a newer version added."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class UserInfo(RunModel):
    """The requester, as of the submission."""

    id: str
    email: str
    name: str
    roles: tuple[str, ...] = ()
    organization: str | None = None


class RequestInfo(RunModel):
    """What templates get as `request.*`, and what logs and targets need to tell requests apart."""

    id: str
    timestamp: dt.datetime
    catalog: str
    url: str
    mode: Mode
    correlation_id: str
    user: UserInfo
    run_id: str | None = None
    """Of its run, where that was started in Airflow; else it is the request's id."""

    def run_of(self, mode: Mode) -> str:
        """The run id of one of its ways: of the one it was ordered in, or of the one that took it over."""
        return self.run_id if self.run_id is not None and mode == self.mode else self.id


class UndoStep(RunModel):
    """One undo: of which action of the request's run, and how, as the revision of the request says."""

    action: str
    mode: Mode
    type: str | None = None
    """The type of the action that is undone; rollbacks of before did not tell."""
    try_number: int | None = None
    """The try of the action that is undone: reports of its earlier tries are of no use. Not told before either."""
    undo: UndoPlan


class ActionFailure(RunModel):
    """Why an action failed, for the requester."""

    message: str
    kind: Literal["permanent", "temporary", "timeout", "outcome_unknown", "internal"]
    effect_possible: bool = False


class ActionReport(RunModel):
    """What an action leaves when it ends."""

    format: Literal[1] = 1
    outcome: ActionOutcome
    try_number: int
    """Airflow's count of the tries that persons started; attempts are counted within one."""
    outputs: dict[str, JsonValue] = Field(default_factory=dict)
    """Secret ones sealed."""
    url: str | None = None
    error: ActionFailure | None = None
    attempts: int = 0
    started_at: dt.datetime
    ended_at: dt.datetime

    def of_a_stopped_task(self) -> ActionReport:
        """The same, where the task was ended from outside: what the action completed all the same is to be undone."""
        if self.outcome != "completed":
            return self
        error = ActionFailure(
            message="stopped, because the request was cancelled, it was marked failed in Airflow, or its run ran out "
            "of time; it has done what it was asked all the same",
            kind="permanent",
            effect_possible=True,
        )
        return self.model_copy(update={"outcome": "failed", "error": error})


class KeptAction(RunModel):
    """What an action left, from a snapshot: for an undo whose request's rows Airflow has no more."""

    report: ActionReport | None = None
    state: dict[str, JsonValue] = Field(default_factory=dict)
    """What the action stored itself."""


class RollbackInfo(RunModel):
    """What a rollback run undoes, newest first: its steps are in `conf`, since the DAG may be of a later revision."""

    clear_number: int
    """The try of the request's run that this undoes."""
    header: dict[str, Any]
    field_types: dict[str, str]
    steps: tuple[UndoStep, ...]
    kept: dict[Mode, dict[str, KeptAction]] = Field(default_factory=dict)
    """What the actions of a way left, where Airflow lost it; of a way that is not here, Airflow has it."""


class EscalationInfo(RunModel):
    """Why a request goes on by its manual fulfillment."""

    clear_number: int
    """The try of the request's automatic run that failed."""
    error: str
    """Why it failed, for the people who go on; it holds no secret."""


class RunConf(RunModel):
    """The `conf` of a request's DAG run. `fields` holds visible fields, secret ones sealed."""

    format: Literal[1] = 1
    request: RequestInfo
    item_id: str
    revision: str
    fields: dict[str, JsonValue]
    rollback: RollbackInfo | None = None
    escalation: EscalationInfo | None = None


def decode(value: Any) -> Any:
    """Read an XCom value: Airflow stores one that a trigger pushed as a JSON string, once or twice encoded."""
    while isinstance(value, str):
        value = json.loads(value)
    return value


def action_task_id(action: str) -> str:
    """The task of an action in its DAG."""
    return action


def undo_task_id(position: int) -> str:
    """The task of the rollback DAG that undoes the action at `position` (from 1) of the rollback's list."""
    return f"undo-{position}"


def revision_tag(revision: str) -> str:
    """The tag by which a DAG tells which revision of its item it runs: a part of the hash, short enough to read."""
    return f"revision:{revision[:16]}"


def dag_id(catalog: str, item_id: str, kind: DagKind) -> str:
    """The DAG of an item: `<catalog>.<item id>` runs it, `.manual` and `.rollback` are its others."""
    base = f"{catalog}.{item_id}"
    return base if kind == "automatic" else f"{base}.{kind}"
