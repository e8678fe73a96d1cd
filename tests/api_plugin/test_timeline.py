"""A timeline is a path through the allowed steps, whatever happened between two looks; it never goes back in time."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import get_args

import pytest
from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance
from airflow.utils.session import create_session
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from api_plugin.clock import utc_now
from api_plugin.exceptions import ApiProblem
from api_plugin.operations.cancel import cancel
from api_plugin.permissions import Permission
from api_plugin.projection import bring_up_to_date
from api_plugin.settling import settle
from api_plugin.status_views import RequestStatus
from api_plugin.store.requests import Request, RequestRollback
from api_plugin.timeline import FOLLOWS, steps
from tests.api_plugin.conftest import a_caller
from tests.api_plugin.runs import a_report
from tests.items import UNDO, action, compiled_item

STATUSES = get_args(RequestStatus)
NEVER = {
    # A rollback that decides stays the last word until the run is cleared.
    ("rolled_back", "failed"), ("rolled_back", "completed"), ("rollback_failed", "failed"),
    ("rollback_failed", "completed"),
}  # fmt: skip


@pytest.mark.parametrize("before", STATUSES)
def test_whatever_was_missed_is_told(before):
    """From each status to each, with a new try or without: every step is allowed after the one before it."""
    for after, again, new_try, begun in itertools.product(STATUSES[2:], *[(True, False)] * 3):
        path = steps(before, after, again=again, new_try=new_try, begun=begun)

        for one, next_one in itertools.pairwise((before, *path)):
            assert next_one in FOLLOWS[one], (before, after, again, new_try, begun, path)
        assert after == (path[-1] if path else before)


def test_nothing_new_is_nothing_told():
    """The same status in the same try."""
    for status in STATUSES[2:]:
        assert () == steps(status, status, again=False, new_try=False, begun=True)


@pytest.mark.parametrize(
    ("before", "after", "more", "path"),
    [
        ("queued", "completed", {}, "in_progress completed"),
        ("queued", "cancelled", {"begun": False}, "cancelling cancelled"),
        ("queued", "rolled_back", {}, "in_progress rolling_back rolled_back"),
        ("failed", "failed", {"new_try": True}, "queued in_progress failed"),
        ("rolled_back", "rollback_failed", {"new_try": True}, "queued in_progress rolling_back rollback_failed"),
        ("rollback_failed", "rollback_failed", {"again": True}, "rolling_back rollback_failed"),
        ("cancelled", "in_progress", {"new_try": True}, "queued in_progress"),
        ("in_progress", "in_progress", {"new_try": True}, ""),
    ],
)
def test_what_is_told_of_what_was_missed(before, after, more, path):
    """Some that come up."""
    known = {"again": False, "new_try": False, "begun": True}

    assert path.split() == list(steps(before, after, **(known | more)))


ITEM = compiled_item("queue", action("a", rollback=UNDO), action("b", rollback=UNDO))
OPERATOR = a_caller(Permission.REQUEST_CANCEL, name="op")


class Airflow:
    """Does to one request's runs what Airflow and its operators do, whenever that can be done."""

    def __init__(self, world):
        self.world = world
        self.request = world.order()

    def state(self, dag_id, run_id):
        self.world.session.rollback()
        where = (DagRun.dag_id == dag_id, DagRun.run_id == run_id)
        return self.world.session.scalar(select(DagRun.state).where(*where))

    @property
    def run(self):
        return self.request.dag_id, self.request.run_id

    @property
    def rollback(self):
        query = select(RequestRollback).where(RequestRollback.request_id == self.request.id)
        row = self.world.session.scalars(query.order_by(RequestRollback.clear_number.desc())).first()
        return None if row is None else (row.dag_id, row.run_id)

    def tasks(self, run):
        where = (TaskInstance.dag_id == run[0], TaskInstance.run_id == run[1])
        rows = select(TaskInstance.task_id, TaskInstance.state, TaskInstance.try_number).where(*where)
        return {row.task_id: row for row in self.world.session.execute(rows.order_by(TaskInstance.task_id))}

    def task(self, run, name, state, report=None):
        tried = max(self.tasks(run)[name].try_number, 1)
        report = report and report.model_copy(update={"try_number": tried, "ended_at": utc_now()})
        self.world.task(self.request, name, state, report, dag_id=run[0], run_id=run[1], try_number=tried)

    def set(self, run, **values):
        where = (DagRun.dag_id == run[0], DagRun.run_id == run[1])
        self.world.session.execute(update(DagRun).where(*where).values(**values))
        self.world.session.commit()

    def begin(self):
        if self.state(*self.run) == "queued":
            self.set(self.run, state="running", start_date=utc_now())

    def work(self, outcome):
        """Let the next action begin, or the one at work end."""
        if self.state(*self.run) != "running":
            return
        for name, task in self.tasks(self.run).items():
            if task.state == "deferred":
                self.task(self.run, name, "success" if outcome == "completed" else "failed",
                          a_report(outcome, effect_possible=True))  # fmt: skip
                return
            if task.state is None:
                self.task(self.run, name, "deferred")
                return
            if task.state != "success":
                return

    def end(self):
        """Let the scheduler end the run as its tasks say."""
        states = {task.state for task in self.tasks(self.run).values()}
        if self.state(*self.run) == "running" and not states & {None, "deferred"}:
            self.set(self.run, state="success" if states <= {"success"} else "failed", end_date=utc_now())
        elif self.state(*self.run) == "running" and "failed" in states:
            self.set(self.run, state="failed", end_date=utc_now())

    def mark(self, state):
        """As an operator does in Airflow's UI."""
        if self.state(*self.run) in {"queued", "running"}:
            for name, task in self.tasks(self.run).items():
                if task.state == "deferred":
                    self.task(self.run, name, state)
                elif task.state is None:
                    self.task(self.run, name, "skipped")
        self.set(self.run, state=state, end_date=utc_now())

    def clear(self, run):
        """As an operator does in Airflow's UI."""
        if run is None:
            return
        where = (TaskInstance.dag_id == run[0], TaskInstance.run_id == run[1])
        cleared = {"state": None, "try_number": TaskInstance.try_number + 1}
        self.world.session.execute(update(TaskInstance).where(*where).values(**cleared))
        again = {"state": "queued", "start_date": None, "end_date": None, "clear_number": DagRun.clear_number + 1}
        self.set(run, **again)

    def undo(self, state):
        """Let the rollback be carried out."""
        run = self.rollback
        if run is None or self.state(*run) not in {"queued", "running"}:
            return
        for name, task in self.tasks(run).items():
            if task.state != "skipped":
                self.task(run, name, state, a_report("completed" if state == "success" else "failed"))
        self.set(run, state="success", end_date=utc_now())

    def settle(self):
        with create_session(scoped=False) as session:
            settle(session, self.world.shelf, self.request.id)

    def cancel(self, undo):
        with create_session(scoped=False) as session:
            try:
                cancel(session, self.world.shelf, self.request.id, OPERATOR, undo=undo)
            except ApiProblem:
                session.rollback()

    def look(self):
        with create_session(scoped=False) as session:
            return bring_up_to_date(session, [self.request.id])[0].status


MOVES = {
    "begin": Airflow.begin,
    "work": lambda airflow: airflow.work("completed"),
    "fail": lambda airflow: airflow.work("failed"),
    "end": Airflow.end,
    "mark failed": lambda airflow: airflow.mark("failed"),
    "mark success": lambda airflow: airflow.mark("success"),
    "clear": lambda airflow: airflow.clear(airflow.run),
    "clear the rollback": lambda airflow: airflow.clear(airflow.rollback),
    "undo": lambda airflow: airflow.undo("success"),
    "fail to undo": lambda airflow: airflow.undo("failed"),
    "settle": Airflow.settle,
    "cancel": lambda airflow: airflow.cancel(None),
    "cancel and leave": lambda airflow: airflow.cancel(False),
    "look": Airflow.look,
}
DONE = ["begin", "work", "work", "work", "work", "end"]
FAILED = ["begin", "work", "work", "work", "fail", "end", "settle"]


@given(moves=st.lists(st.sampled_from(sorted(MOVES)), max_size=16))
@example(moves=[*DONE, "look", "clear", *DONE])
@example(moves=[*FAILED, "undo", "look", "clear", *FAILED, "fail to undo", "look", "clear the rollback", "undo"])
@example(moves=[*FAILED, "fail to undo", "look", "clear the rollback", "fail to undo"])
@example(
    moves=["begin", "work", "work", "work", "cancel", "look", "fail to undo", "look", "clear the rollback", "undo"]
)
@example(moves=["cancel", "look", "clear", *DONE, "look", "mark failed", "settle", "undo"])
@example(moves=["begin", "work", "cancel and leave", "mark success", "look", "clear", "begin", "cancel"])
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_timeline_is_a_path(world, moves):
    """Whatever Airflow, its operators and callers do, and whenever somebody looks."""
    if not world.session.scalars(select(Request.id)).first():
        world.publish(ITEM)
        world.parse(ITEM)
    airflow = Airflow(world)
    for move in moves:
        MOVES[move](airflow)
    status = airflow.look()

    events = world.events(airflow.request)
    statuses = world.statuses(airflow.request)
    assert list(range(1, len(events) + 1)) == [event.seq for event in events]
    assert sorted(event.at for event in events) == [event.at for event in events]
    assert events[-1].at <= utc_now() + dt.timedelta(seconds=1)
    assert ["submitted", "validated", "queued"] == statuses[:3]
    assert status == statuses[-1]
    for one, next_one in itertools.pairwise(statuses):
        assert next_one in FOLLOWS[one], statuses
