"""Reads what Airflow knows of requests: runs, task instances, and what actions left in XCom.

Three queries for any number of requests, in this order: what is read later is newer, so that a run never seems further
than its tasks, nor a task further than what it left.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance
from airflow.models.xcom import XComModel
from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from api_plugin.run_record import completed_by, has_gaps
from api_plugin.status_views import ProgressView, RunView, TaskView
from api_plugin.store.snapshots import RunSnapshot
from catalog_compiler.run_format import PROGRESS_KEY, REPORT_KEY, STATE_KEY, ActionReport, decode

RunKey = tuple[str, str]
"""DAG id and run id."""


_ENDED = ("success", "failed", "skipped", "upstream_failed", "removed")
"""States of tasks whose report counts. A report of one that is still seen at work was left a moment ago."""

_STOPPED = ("failed", "skipped")
"""States of tasks that did not end by the report of an action that completed."""

LEFT = (REPORT_KEY, STATE_KEY, PROGRESS_KEY)
"""What actions leave in XCom that statuses are made of."""


def read_runs(session: Session, keys: Iterable[RunKey]) -> dict[RunKey, RunView]:
    """The runs of these keys. What Airflow lost of one that had ended is taken from its snapshot.

    One that neither has is missing.
    """
    wanted = list(keys)
    if not wanted:
        return {}
    runs = read_live_runs(session, wanted)
    incomplete = [key for key in wanted if has_gaps(runs.get(key))]
    if incomplete:
        kept = session.scalars(
            select(RunSnapshot).where(tuple_(RunSnapshot.dag_id, RunSnapshot.run_id).in_(incomplete))
        )
        for row in kept:
            key = (row.dag_id, row.run_id)
            runs[key] = completed_by(runs.get(key), row.run)
    return runs


def read_live_runs(session: Session, wanted: list[RunKey]) -> dict[RunKey, RunView]:
    """The runs of these keys that Airflow has."""
    runs = session.execute(
        select(DagRun.dag_id, DagRun.run_id, DagRun.state, DagRun.clear_number, DagRun.start_date, DagRun.end_date)
        .where(tuple_(DagRun.dag_id, DagRun.run_id).in_(wanted))
    ).all()  # fmt: skip
    tasks = _read_tasks(session, wanted)
    return {
        (run.dag_id, run.run_id): RunView(
            state=str(run.state),
            clear_number=run.clear_number,
            started_at=run.start_date,
            ended_at=run.end_date,
            tasks=tasks[run.dag_id, run.run_id],
        )
        for run in runs
    }


def _read_tasks(session: Session, wanted: list[RunKey]) -> defaultdict[RunKey, dict[str, TaskView]]:
    rows = session.execute(
        select(
            TaskInstance.dag_id,
            TaskInstance.run_id,
            TaskInstance.task_id,
            TaskInstance.state,
            TaskInstance.try_number,
            TaskInstance.start_date,
            TaskInstance.end_date,
        ).where(tuple_(TaskInstance.dag_id, TaskInstance.run_id).in_(wanted))
    ).all()
    left = _read_xcoms(session, wanted)
    tasks: defaultdict[RunKey, dict[str, TaskView]] = defaultdict(dict)
    for row in rows:
        values = left.get((row.dag_id, row.run_id, row.task_id), {})
        tasks[row.dag_id, row.run_id][row.task_id] = TaskView(
            state=None if row.state is None else str(row.state),
            try_number=row.try_number,
            started_at=row.start_date,
            ended_at=row.end_date,
            report=_report(values.get(REPORT_KEY), row.try_number, row.state) if row.state in _ENDED else None,
            memory=_memory(values.get(STATE_KEY), row.try_number),
            progress=_progress(values.get(PROGRESS_KEY), row.try_number),
        )
    return tasks


def _read_xcoms(session: Session, wanted: list[RunKey]) -> dict[tuple[str, str, str], dict[str, Any]]:
    rows = session.execute(
        select(XComModel.dag_id, XComModel.run_id, XComModel.task_id, XComModel.key, XComModel.value).where(
            tuple_(XComModel.dag_id, XComModel.run_id).in_(wanted), XComModel.key.in_(LEFT)
        )
    )
    found: dict[tuple[str, str, str], dict[str, Any]] = defaultdict(dict)
    for row in rows:
        found[row.dag_id, row.run_id, row.task_id][row.key] = decode(row.value)
    return found


def _report(value: Any, try_number: int, state: str) -> ActionReport | None:
    """The report of this try. XComs of a cleared task stay until it ends again."""
    if value is None:
        return None
    report = ActionReport.model_validate(value)
    if report.try_number != try_number:
        return None
    return report.of_a_stopped_task() if state in _STOPPED else report


def _memory(value: Any, try_number: int) -> Mapping[str, Any]:
    if not value or value["try_number"] != try_number:
        return {}
    state: Mapping[str, Any] = value["state"]
    return state


def _progress(value: Any, try_number: int) -> ProgressView | None:
    if not value or value["try_number"] != try_number:
        return None
    return ProgressView(url=value["url"])
