"""A request's log, found: its tasks, its events and what is secret in it. Read again as often as one likes."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from airflow.utils.session import create_session
from sqlalchemy import select
from sqlalchemy.orm import Session

from api_plugin.airflow_state import read_runs
from api_plugin.configuration import sealer
from api_plugin.principals import Principal
from api_plugin.request_logs.entry import Item, Place, Places
from api_plugin.request_logs.events import Happened, event_source
from api_plugin.request_logs.fetched import fetched_source
from api_plugin.request_logs.files import file_sources
from api_plugin.request_logs.readers import sealed_texts
from api_plugin.request_logs.tasks import TaskLog, task_logs
from api_plugin.routes.requests import visible_request
from api_plugin.status_views import ENDED
from api_plugin.store.requests import Request, RequestEvent


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenedLog:
    """What there is to read at this moment."""

    request_id: uuid.UUID
    tasks: tuple[TaskLog, ...]
    events: tuple[Happened, ...]
    secrets: tuple[str, ...]
    ended: bool

    def sources(self, places: Places, *, fetching: bool = True, events: bool = True) -> list[Iterator[Item]]:
        """What is new to a reader; without `fetching`, of what is here alone."""
        found = [event_source(self.events, places)] if events else []
        for task in self.tasks:
            if task.files() and (task.ended or not task.elsewhere):
                found += file_sources(task, places)
            elif fetching and (task.ended or task.elsewhere) and not _missed(task, places):
                found.append(fetched_source(task, places))
        return found


def _missed(task: TaskLog, places: Places) -> bool:
    return task.ended and places.get(f"{task.key}/fetched", Place()).missed


def open_log(caller: Principal, request_id: str) -> OpenedLog:
    """The log of a request that the caller may see; raises a 404 problem."""
    with create_session(scoped=False) as session:
        request = visible_request(session, caller, request_id)
        session.commit()
        events = session.scalars(
            select(RequestEvent).where(RequestEvent.request_id == request.id).order_by(RequestEvent.seq)
        )
        tasks = tuple(task_logs(session, request))
        return OpenedLog(
            request_id=request.id,
            tasks=tasks,
            events=tuple(Happened(seq=row.seq, at=row.at, type=row.type, data=row.data) for row in events),
            secrets=_secrets(session, request, tasks),
            ended=request.status in ENDED,
        )


def _secrets(session: Session, request: Request, tasks: tuple[TaskLog, ...]) -> tuple[str, ...]:
    keys = {(task.facts.dag_id, task.facts.run_id) for task in tasks}
    reports = [task.report for run in read_runs(session, keys).values() for task in run.tasks.values()]
    return sealed_texts(sealer(), [request.fields, *(report.outputs for report in reports if report)])
