"""An action's own memory and the reports of others: XCom, the one place that triggers and workers can both write."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from airflow.sdk.bases.xcom import BaseXCom
from airflow.sdk.execution_time import task_runner
from airflow.sdk.execution_time.comms import GetTaskStates, TaskStatesResult
from pydantic import JsonValue

from catalog_compiler.run_format import PROGRESS_KEY, REPORT_KEY, REVOKED_KEY, STATE_KEY, TRY_KEY, ActionReport, decode
from pao_airflow.shown_links import shown_link


async def _read(key: str, *, dag_id: str, run_id: str, task_id: str) -> Any:
    # Without map_index the triggerer asks for a slice, a message that its supervisor does not answer.
    value = await BaseXCom.aget_one(key=key, dag_id=dag_id, run_id=run_id, task_id=task_id, map_index=-1)
    return decode(value)


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskPlace:
    """Where a task instance is, and which try it is in. `try_number` grows with every clear by a person."""

    dag_id: str
    run_id: str
    task_id: str
    try_number: int
    begun_at: int | None = None
    """The try that a person started, where this one follows it by itself because its worker died."""

    @property
    def first_try(self) -> int:
        """The first of the tries that make up one try of a person: state and idempotency key are of all of them."""
        return self.try_number if self.begun_at is None else self.begun_at


class XComMemory:
    """The `StateStore` of one action in one try of a task.

    A task has one XCom for it: `state` is that of the `action` that it is at, `earlier` holds those of actions before
    it. Only the last place of a rollback has several, one after another, and each may be sent once.
    """

    def __init__(self, place: TaskPlace, action: str) -> None:
        """Keep the state of this try; that of earlier tries is not seen."""
        self._place = place
        self._action = action
        self._others: dict[str, JsonValue] = {}
        self._known: dict[str, JsonValue] | None = None

    async def load(self) -> dict[str, JsonValue]:
        """What this try saved last for the action; empty where it saved nothing. Read once: nobody else writes it."""
        if self._known is None:
            self._known = await self._read()
        return dict(self._known)

    async def _read(self) -> dict[str, JsonValue]:
        place = self._place
        saved = await _read(STATE_KEY, dag_id=place.dag_id, run_id=place.run_id, task_id=place.task_id)
        if not saved or saved["try_number"] != place.try_number:
            return {}
        # A state that names no action was stored before states were told apart by it.
        states = {**saved.get("earlier", {}), saved.get("action", self._action): saved["state"]}
        own: dict[str, JsonValue] = states.pop(self._action, {})
        self._others = states
        return own

    async def save(self, state: Mapping[str, JsonValue]) -> None:
        """Store the state before going on. What the place's other actions stored stays, as it was at `load`."""
        place = self._place
        value = {"try_number": place.try_number, "action": self._action, "state": dict(state)}
        if self._others:
            value["earlier"] = self._others
        await BaseXCom.aset(key=STATE_KEY, value=value, dag_id=place.dag_id, run_id=place.run_id, task_id=place.task_id)
        self._known = dict(state)


class XComProgress:
    """The `Progress` of one try of a task: an XCom of its own, which the API shows while the task runs."""

    def __init__(self, place: TaskPlace, masked: Callable[[str], str]) -> None:
        """Tell of this try; links pass through `masked` first."""
        self._place = place
        self._masked = masked
        self._told: dict[str, JsonValue] | None = None

    async def waiting(self, *, url: str | None = None) -> None:
        """Store that the action waits, and for what."""
        place = self._place
        link = shown_link(self._masked(url)) if url else None
        value: dict[str, JsonValue] = {"try_number": place.try_number, "url": link}
        if value != self._told:
            await BaseXCom.aset(
                key=PROGRESS_KEY, value=value, dag_id=place.dag_id, run_id=place.run_id, task_id=place.task_id
            )
            self._told = value


async def read_report(*, dag_id: str, run_id: str, task_id: str) -> ActionReport | None:
    """The report of an action that ended; None where it left none."""
    value = await _read(REPORT_KEY, dag_id=dag_id, run_id=run_id, task_id=task_id)
    return None if value is None else ActionReport.model_validate(value)


async def write_report(place: TaskPlace, report: ActionReport) -> None:
    """Store the report of an action whose task does not end by it."""
    await BaseXCom.aset(
        key=REPORT_KEY,
        value=report.model_dump(mode="json"),
        dag_id=place.dag_id,
        run_id=place.run_id,
        task_id=place.task_id,
    )


async def task_state(*, dag_id: str, run_id: str, task_id: str) -> str | None:
    """The state of a task in Airflow."""
    question = GetTaskStates(dag_id=dag_id, run_ids=[run_id], task_ids=[task_id])
    answer = await task_runner.SUPERVISOR_COMMS.asend(question)
    states = answer.task_states if isinstance(answer, TaskStatesResult) else {}
    return (states.get(run_id) or {}).get(task_id)


async def whose_state(place: TaskPlace) -> str | None:
    """The action that a task with several, one after another, is at: the one that stored its state last."""
    saved = await _read(STATE_KEY, dag_id=place.dag_id, run_id=place.run_id, task_id=place.task_id)
    current: str | None = saved.get("action") if saved else None
    return current


async def read_action_state(*, dag_id: str, run_id: str, task_id: str) -> dict[str, JsonValue]:
    """What the action of a task stored itself, in whichever try it did last; empty where it stored nothing."""
    value = await _read(STATE_KEY, dag_id=dag_id, run_id=run_id, task_id=task_id)
    state = value["state"].get("action") if value else None
    return dict(state) if isinstance(state, dict) else {}


async def tell_try(place: TaskPlace) -> None:
    """Tell what may still run of an earlier try that a person cleared the task."""
    if place.try_number > 1:
        await BaseXCom.aset(
            key=TRY_KEY, value=place.try_number, dag_id=place.dag_id, run_id=place.run_id, task_id=place.task_id
        )


async def is_followed(place: TaskPlace) -> bool:
    """Whether a later try of the task has begun."""
    told = await _read(TRY_KEY, dag_id=place.dag_id, run_id=place.run_id, task_id=place.task_id)
    return told is not None and told > place.try_number


async def is_revoked(place: TaskPlace) -> bool:
    """Whether the request was rolled back. Only a task that a person cleared can meet that: its first try is free."""
    if place.try_number <= 1:
        return False
    return bool(await _read(REVOKED_KEY, dag_id=place.dag_id, run_id=place.run_id, task_id=place.task_id))
