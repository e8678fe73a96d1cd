"""The tasks whose logs make up a request's: of its run and of its rollbacks, each try of each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from airflow.configuration import conf
from airflow.models.taskinstance import TaskInstance
from airflow.models.taskinstancehistory import TaskInstanceHistory
from airflow.models.trigger import Trigger
from airflow.utils.log.file_task_handler import FileTaskHandler
from airflow.utils.net import get_hostname
from airflow.utils.state import State
from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session, joinedload

from api_plugin.airflow_state import RunKey
from api_plugin.clock import utc_now
from api_plugin.request_logs.lines import TaskFacts
from api_plugin.store.requests import Request, RequestEscalation, RequestRollback

AnyInstance = TaskInstance | TaskInstanceHistory


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskLog:
    """The log of one try of a task: files on a folder that this process sees, or what Airflow's reader fetches."""

    key: str
    facts: TaskFacts
    instance: AnyInstance
    began_at: dt.datetime
    ended: bool
    folder: Path
    """That of all logs, as Airflow's configuration names it."""
    path: Path
    """Where the first of its files is, if it is here; the names of the others begin with that one's."""
    elsewhere: bool
    """Whether another machine is at work on it, as far as is known."""

    def files(self) -> list[Path]:
        """Its files, as far as there are any here: a worker writes one, and so does each triggerer that had it."""
        try:
            found = [path for path in self.path.parent.iterdir() if path.name.startswith(self.path.name)]
        except OSError:
            return []
        # As Airflow reads them: nobody who can make a link in that folder shows a file from outside of it.
        return sorted(path for path in found if path.is_file() and path.resolve().is_relative_to(self.folder))


def task_logs(session: Session, request: Request) -> list[TaskLog]:
    """Those of everything that has begun, in a steady order."""
    runs = _runs(session, request)
    now_there = session.scalars(
        select(TaskInstance)
        .where(tuple_(TaskInstance.dag_id, TaskInstance.run_id).in_(runs), TaskInstance.start_date.is_not(None))
        .options(joinedload(TaskInstance.dag_run), joinedload(TaskInstance.trigger).joinedload(Trigger.triggerer_job))
        .order_by(TaskInstance.start_date, TaskInstance.task_id)
    ).all()
    earlier = session.scalars(
        select(TaskInstanceHistory)
        .where(
            tuple_(TaskInstanceHistory.dag_id, TaskInstanceHistory.run_id).in_(runs),
            TaskInstanceHistory.start_date.is_not(None),
        )
        .options(joinedload(TaskInstanceHistory.dag_run))
        .order_by(TaskInstanceHistory.start_date, TaskInstanceHistory.task_id)
    ).all()
    here = _Here(session)
    every: list[AnyInstance] = [*earlier, *now_there]
    return [here.log_of(instance, runs[instance.dag_id, instance.run_id]) for instance in every]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Run:
    """A run of a request."""

    key: str
    """Short, and the same for ever: a part of cursors."""
    undone: Sequence[str] | None = None
    """What it undoes, where it is a rollback."""


def _runs(session: Session, request: Request) -> dict[RunKey, _Run]:
    runs = {(request.dag_id, request.run_id): _Run(key="0")}
    escalations = select(RequestEscalation).where(RequestEscalation.request_id == request.id)
    for escalation in session.scalars(escalations):
        runs[escalation.dag_id, escalation.run_id] = _Run(key="manual")
    rollbacks = select(RequestRollback).where(RequestRollback.request_id == request.id)
    for rollback in session.scalars(rollbacks):
        runs[rollback.dag_id, rollback.run_id] = _Run(key=f"undo{rollback.clear_number}", undone=rollback.actions)
    return runs


class _Here:
    """A process's view of logs: the folder that Airflow names, and this machine's name."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._folder = Path(conf.get_mandatory_value("logging", "base_log_folder")).resolve()
        self._handler = FileTaskHandler(str(self._folder))
        self._host = get_hostname()

    def log_of(self, instance: AnyInstance, run: _Run) -> TaskLog:
        number = instance.try_number
        # There is no public way to a log's file.
        name = self._handler._render_filename(instance, number, session=self._session)  # noqa: SLF001
        return TaskLog(
            key=f"{run.key}/{instance.task_id}/{number}",
            facts=TaskFacts(
                dag_id=instance.dag_id,
                run_id=instance.run_id,
                task_id=instance.task_id,
                try_number=number,
                action=instance.task_id if run.undone is None else _undone(instance.task_id, run.undone),
                undoing=run.undone is not None,
            ),
            instance=instance,
            began_at=instance.start_date or utc_now(),
            ended=isinstance(instance, TaskInstanceHistory) or instance.state in State.finished,
            folder=self._folder,
            path=self._folder / name,
            elsewhere=any(host != self._host for host in _hosts(instance)),
        )


def _hosts(instance: AnyInstance) -> Iterator[str]:
    """The machines that are at work on a task now, or were last."""
    if instance.hostname:
        yield instance.hostname
    trigger = instance.trigger if isinstance(instance, TaskInstance) else None
    if trigger is not None and trigger.triggerer_job is not None and trigger.triggerer_job.hostname:
        yield trigger.triggerer_job.hostname


def _undone(task_id: str, undone: Sequence[str]) -> str | None:
    """The action that a task of a rollback undoes; None for the last place, which may undo several."""
    position = int(task_id.rpartition("-")[2]) if task_id.rpartition("-")[2].isdigit() else 0
    return undone[position - 1] if 0 < position < len(undone) or position == len(undone) == 1 else None
