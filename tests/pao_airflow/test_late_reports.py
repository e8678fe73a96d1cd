"""An action that ends in the moment in which a person stops it is undone as well: what it made is known."""

from __future__ import annotations

from types import SimpleNamespace
from uuid import uuid4

import pytest
from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance
from airflow.models.xcom import XComModel
from airflow.triggers.base import TaskFailedEvent, TaskSuccessEvent, TriggerEvent
from airflow.utils.types import DagRunTriggeredByType, DagRunType
from pao_airflow.late_reports import keep_late_report
from sqlalchemy import insert, select

from catalog_compiler.run_format import REPORT_KEY, ActionReport, decode
from tests.api_plugin.runs import a_report

PLACE = {"dag_id": "default.queue", "run_id": "r-late", "task_id": "create"}
MADE = a_report(outputs={"id": "db-1"})


@pytest.fixture
def task(session):
    """A task of a run, with what may be done to it; removed afterwards."""
    run = DagRun(
        dag_id=PLACE["dag_id"], run_id=PLACE["run_id"], run_type=DagRunType.MANUAL,
        triggered_by=DagRunTriggeredByType.TEST,
    )  # fmt: skip
    session.add(run)
    session.flush()

    def making(state):
        row = {"id": uuid4(), "map_index": -1, "pool": "p", "pool_slots": 1, "state": state, "try_number": 1}
        session.execute(insert(TaskInstance).values(**row, **PLACE))
        session.commit()
        return SimpleNamespace(id=row["id"], try_number=1, **PLACE)

    yield making
    session.rollback()
    session.delete(run)
    session.commit()


def left(session):
    """The report that is stored."""
    session.rollback()
    value = session.scalar(select(XComModel.value).where(XComModel.run_id == PLACE["run_id"]))
    return None if value is None else ActionReport.model_validate(decode(value))


def an_event(report, kind=TaskSuccessEvent):
    return kind(xcoms={REPORT_KEY: report.model_dump(mode="json")})


@pytest.mark.parametrize("state", ["failed", "skipped"])
def test_what_was_stopped_in_its_last_moment_leaves_what_it_made(session, task, state):
    """Whoever reads it knows by the task's state that it is to be undone."""
    keep_late_report(task(state), an_event(MADE))

    assert MADE == left(session)


def test_what_failed_in_its_last_moment_failed(session, task):
    """Without an effect, nothing is undone."""
    keep_late_report(task("failed"), an_event(a_report("failed"), TaskFailedEvent))

    assert ("failed", False) == (left(session).outcome, left(session).error.effect_possible)


@pytest.mark.parametrize("state", ["success", "deferred", None])
def test_one_that_was_not_stopped_is_left_alone(session, task, state):
    """It ended by its event, or was marked as done, or cleared."""
    keep_late_report(task(state), an_event(MADE))

    assert left(session) is None


@pytest.mark.parametrize("written", ['"x"', "[]", "no JSON"])
def test_what_a_person_wrote_in_its_place_ends_nothing(session, task, written):
    """People may write XComs: whatever it is, the triggerer goes on."""
    stopped = task("failed")
    its_row = select(DagRun.id).where(DagRun.run_id == PLACE["run_id"]).scalar_subquery()
    session.execute(insert(XComModel).values(dag_run_id=its_row, map_index=-1, key=REPORT_KEY, value=written, **PLACE))
    session.commit()

    keep_late_report(stopped, an_event(MADE))

    session.rollback()
    assert written == session.scalar(select(XComModel.value).where(XComModel.run_id == PLACE["run_id"]))


def test_a_report_that_is_there_stays(session, task):
    """The task failed by its event, or was stopped by its host."""
    known, stopped = a_report("failed", outputs={"id": "known"}), task("failed")
    XComModel.set(key=REPORT_KEY, value=known.model_dump_json(), session=session, **PLACE)
    session.commit()

    keep_late_report(stopped, an_event(MADE, TaskFailedEvent))

    assert {"id": "known"} == left(session).outputs


def test_events_of_others_are_none_of_ours(session, task):
    """They hold no report."""
    stopped = task("failed")
    for event in (TriggerEvent("undo"), TaskFailedEvent()):
        keep_late_report(stopped, event)

    assert left(session) is None
