"""A run as JSON: what is kept of it in a snapshot, and read again where Airflow has it no more."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import BaseModel, ConfigDict, JsonValue

from api_plugin.status_views import ProgressView, RunView, TaskView
from catalog_compiler.run_format import ActionReport, KeptAction


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class TaskRecord(_Record):
    """A task instance with what its action left."""

    state: str | None
    try_number: int
    started_at: dt.datetime | None
    ended_at: dt.datetime | None
    report: ActionReport | None
    memory: dict[str, JsonValue] = {}
    url: str | None = None
    """Of what it told that it waits for."""

    @classmethod
    def of(cls, task: TaskView) -> TaskRecord:
        """The record of a task."""
        return cls(
            state=task.state,
            try_number=task.try_number,
            started_at=task.started_at,
            ended_at=task.ended_at,
            report=task.report,
            memory=dict(task.memory),
            url=task.progress.url if task.progress else None,
        )

    def view(self) -> TaskView:
        """The task as it was."""
        return TaskView(
            state=self.state,
            try_number=self.try_number,
            started_at=self.started_at,
            ended_at=self.ended_at,
            report=self.report,
            memory=self.memory,
            progress=ProgressView(url=self.url) if self.url else None,
        )


class RunRecord(_Record):
    """A DAG run with its tasks."""

    format: int = 1
    state: str
    clear_number: int
    started_at: dt.datetime | None
    ended_at: dt.datetime | None
    tasks: dict[str, TaskRecord]

    @classmethod
    def of(cls, run: RunView) -> RunRecord:
        """The record of a run."""
        return cls(
            state=run.state,
            clear_number=run.clear_number,
            started_at=run.started_at,
            ended_at=run.ended_at,
            tasks={name: TaskRecord.of(task) for name, task in run.tasks.items()},
        )

    def view(self) -> RunView:
        """The run as it was."""
        return RunView(
            state=self.state,
            clear_number=self.clear_number,
            started_at=self.started_at,
            ended_at=self.ended_at,
            tasks={name: task.view() for name, task in self.tasks.items()},
            kept=True,
        )


def completed_by(live: RunView | None, kept: Mapping[str, Any]) -> RunView:
    """What Airflow has of a run, with what is missing there taken from the snapshot of it.

    Airflow's tables are cleaned one by one: a run may be there without its tasks, a task without its report. What
    belongs to another try than the snapshot's is left as Airflow has it.
    """
    snapshot = RunRecord.model_validate(kept).view()
    if live is None:
        return snapshot
    if live.clear_number != snapshot.clear_number:
        return live
    tasks = dict(live.tasks)
    for name, task in snapshot.tasks.items():
        known = tasks.get(name)
        if known is None:
            tasks[name] = task
        elif known.report is None and known.state == task.state and known.try_number == task.try_number:
            tasks[name] = replace(known, report=task.report, memory=known.memory or task.memory)
    return replace(live, tasks=tasks, kept=tasks != live.tasks)


def kept_actions(run: RunView) -> dict[str, KeptAction]:
    """What the actions of a run left, for undos that can't ask Airflow for it."""
    return {
        task_id: KeptAction(report=task.report, state=_own_state(task.memory)) for task_id, task in run.tasks.items()
    }


def _own_state(memory: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    state = memory.get("action")
    return dict(state) if isinstance(state, dict) else {}


def has_gaps(run: RunView | None) -> bool:
    """Whether a run may have lost rows: only one that has ended, and that a snapshot may therefore know better."""
    if run is None:
        return True
    ended = run.state in {"success", "failed"}
    return ended and (not run.tasks or any(_lost(task) for task in run.tasks.values()))


def _lost(task: TaskView) -> bool:
    return task.report is None and task.started_at is not None
