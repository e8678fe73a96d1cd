"""Every request is settled by itself: what is wrong with one is told, and keeps no other from its rollback."""

from __future__ import annotations

import datetime as dt

import pytest
import structlog
from airflow.models.dagrun import DagRun
from airflow.models.log import Log
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError

from api_plugin.airflow_state import read_runs
from api_plugin.clock import utc_now
from api_plugin.permissions import Permission
from api_plugin.projection import run_key
from api_plugin.reconciling import reconcile_all
from api_plugin.store.catalog import ItemRevision
from api_plugin.store.requests import Request, RequestRollback
from tests.api_plugin.conftest import a_caller
from tests.api_plugin.runs import a_report
from tests.items import UNDO, action, compiled_item

BROKEN = compiled_item("broken", action("a", rollback=UNDO), action("b"))
SOUND = compiled_item("sound", action("a", rollback=UNDO), action("b"))


@pytest.fixture
def requests(world):
    """Two requests whose runs have failed without a callback, the older one first."""
    world.publish(BROKEN, SOUND)
    world.parse(BROKEN, SOUND)
    made = []
    for item_id in ("broken", "sound"):
        request = world.order(item_id)
        world.task(request, "a", "success", a_report())
        world.task(request, "b", "failed", a_report("failed"))
        world.run(request, "failed")
        made.append(request)
    return made


def undone(world):
    world.session.rollback()
    return set(world.session.scalars(select(RequestRollback.request_id)))


def unready(world):
    """The rollback DAG of the first request's item is not there to run."""
    world.stale("default.broken.rollback")


def unreadable(world):
    """The plan of the first request's item does not validate."""
    world.session.execute(update(ItemRevision).where(ItemRevision.item_id == "broken").values(plan={"other": 1}))
    world.session.commit()


@pytest.mark.parametrize(
    ("harm", "why"),
    [
        (unready, "the DAG 'default.broken.rollback' is not ready to run; try again in a moment"),
        (unreadable, "ValidationError; the API server's log has more under the request's id"),
    ],
)
def test_a_request_that_cannot_be_settled_keeps_no_other_from_its_rollback(world, requests, harm, why):
    """The failure is told and logged once a piece of work, under the request's id."""
    broken, sound = (request.id for request in requests)
    harm(world)

    with structlog.testing.capture_logs() as logs:
        done = reconcile_all(world.session, world.shelf)

    assert (2, 1, {broken: why}) == (done.examined, done.rollbacks_started, done.failures)
    assert {sound} == undone(world)
    assert {str(broken)} == {entry["request_id"] for entry in logs if entry["event"] == "request not settled"}
    assert "rolling_back" == world.session.get(Request, sound, populate_existing=True).status


def test_what_could_not_be_settled_is_tried_again(world, requests):
    """It has not ended, so the next look finds it."""
    unready(world)
    reconcile_all(world.session, world.shelf)
    world.parse(BROKEN, SOUND)

    done = reconcile_all(world.session, world.shelf)

    assert (1, {}) == (done.rollbacks_started, done.failures)
    assert {request.id for request in requests} == undone(world)


def test_without_the_database_nothing_is_tried_further(world, requests, monkeypatch):
    """Every request would fail alike."""

    def away():
        raise OperationalError("COMMIT", {}, Exception("server closed the connection"))

    monkeypatch.setattr(world.session, "commit", away)

    with pytest.raises(OperationalError):
        reconcile_all(world.session, world.shelf)
    world.session.rollback()


def test_the_operation_lists_what_could_not_be_settled(portal, world, requests):
    """By the request's id."""
    unready(world)

    answer = portal("POST", "/internal/reconcile", a_caller(Permission.INTERNAL, name="key:service"))

    assert (200, [str(requests[0].id)]) == (answer.status_code, [one["id"] for one in answer.json()["failures"]])
    assert {"examined", "rollbacks_started", "failures", "lost", "snapshots"} == answer.json().keys()


def test_what_a_person_cleared_in_airflow_is_looked_at_though_it_had_ended(world, requests):
    """Nobody has to read the request for its status to go on, and for what a lost callback did not do."""
    _, sound = requests
    reconcile_all(world.session, world.shelf)
    (rollback,) = world.session.scalars(select(RequestRollback).where(RequestRollback.request_id == sound.id))
    runs = update(DagRun).where(DagRun.dag_id == rollback.dag_id, DagRun.run_id == rollback.run_id)
    world.session.execute(runs.values(state="failed"))
    world.session.commit()
    reconcile_all(world.session, world.shelf)
    assert "rollback_failed" == world.session.get(Request, sound.id, populate_existing=True).status

    world.session.execute(runs.values(state="running"))
    world.session.commit()
    reconcile_all(world.session, world.shelf)

    assert "rolling_back" == world.session.get(Request, sound.id, populate_existing=True).status


@pytest.mark.parametrize("look", ["reconcile", "read", "list"])
def test_a_request_that_is_cleared_long_after_its_end_goes_on(world, requests, portal, look):
    """However old it is: by reconciling, and for whoever reads it or finds it in a list."""
    request = requests[1]
    world.task(request, "b", "success", a_report())
    world.run(request, "success")
    reconcile_all(world.session, world.shelf)
    assert "completed" == world.statuses(request)[-1]
    long_ago = utc_now() - dt.timedelta(days=60)
    world.session.execute(update(Request).values(updated_at=long_ago))
    world.session.execute(update(DagRun).values(updated_at=long_ago))
    world.session.commit()

    world.run(request, "running", clear_number=1)
    reader = a_caller(Permission.REQUEST_READ)
    match look:
        case "reconcile":
            reconcile_all(world.session, world.shelf)
        case "read":
            portal("GET", f"/requests/{request.id}", reader)
        case _:
            portal("GET", "/requests", reader)

    assert ["completed", "queued", "in_progress"] == world.statuses(request)[-3:]


@pytest.mark.parametrize("state", ["failed", "skipped"])
def test_what_completed_in_a_task_that_was_stopped_is_undone(world, state):
    """Its report was stored before its task ended otherwise: by a person, or because its run took too long."""
    world.publish(SOUND)
    world.parse(SOUND)
    request = world.order("sound")
    world.task(request, "a", state, a_report(outputs={"id": "db-1"}))
    world.task(request, "b", "upstream_failed")
    world.run(request, "failed")

    assert 1 == reconcile_all(world.session, world.shelf).rollbacks_started

    report = read_runs(world.session, [run_key(request)])[run_key(request)].tasks["a"].report
    assert ("failed", {"id": "db-1"}, True) == (report.outcome, report.outputs, report.error.effect_possible)
    assert report.error.message.startswith("stopped, because the request was cancelled")


@pytest.mark.parametrize(("event", "named"), [("clear_dag_run", True), ("clear_dag_runs", False)])
def test_what_was_cleared_and_has_ended_between_two_looks_is_found(world, requests, event, named):
    """By what Airflow's log says that a person did; of many runs at once it names them in the details alone."""
    request = requests[1]
    world.task(request, "b", "success", a_report())
    world.run(request, "success")
    reconcile_all(world.session, world.shelf)
    assert "completed" == world.statuses(request)[-1]

    world.run(request, "success", clear_number=1)
    line = Log(event=event, owner="op", extra=f'{{"dag_runs": ["{request.run_id}"]}}')
    line.dttm, line.dag_id, line.run_id = utc_now(), request.dag_id, request.run_id if named else None
    world.session.add(line)
    world.session.commit()
    reconcile_all(world.session, world.shelf)

    assert ["completed", "queued", "in_progress", "completed"] == world.statuses(request)[-4:]
    again = next(event.data for event in reversed(world.events(request)) if event.data.get("status") == "queued")
    assert "op" == again["by"]
