"""Having a catalog looked at: by the DAG processor at once, with a run of `catalog_sync` that shows how it goes."""

from __future__ import annotations

import threading

import pytest
from airflow.models.dagbag import DagPriorityParsingRequest
from airflow.models.dagrun import DagRun
from airflow.models.log import Log
from airflow.utils.session import create_session
from sqlalchemy import select, text, update

from api_plugin.permissions import Permission
from api_plugin.refreshing import SYNC_DAG, ask_for_refresh, start_sync
from api_plugin.store.access import Audit
from tests.api_plugin.conftest import a_caller
from tests.items import compiled_item

QUEUE = compiled_item("queue")
OPERATOR = a_caller(Permission.CATALOG_REFRESH, name="ops")


@pytest.fixture
def refresh(world, portal):
    """Calls the operation, where there is a catalog."""
    world.publish(QUEUE)

    def calling(query="", caller=OPERATOR, **more):
        return portal("POST", f"/catalog/refresh{query}", caller, **more)

    return calling


@pytest.fixture
def with_sync(world):
    """Airflow knows the DAG."""
    world.parse_platform_dags()


def runs(session):
    session.rollback()
    return session.scalars(select(DagRun).where(DagRun.dag_id == SYNC_DAG).order_by(DagRun.id)).all()


def asked(session):
    session.rollback()
    return session.scalars(select(DagPriorityParsingRequest.bundle_name)).all()


def waits_for_its_turn(session):
    """Whether another transaction waits for a lock of the kind that refreshing takes."""
    return session.scalar(text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")) > 0


def test_a_refresh_is_asked_for_and_shown(refresh, with_sync, world):
    """The bundle is refreshed at once; the run is the operator's, and both are written down."""
    answer = refresh()

    (run,) = runs(world.session)
    assert (202, {"commit_before": "c0ffee", "sync_run_id": run.run_id}) == (answer.status_code, answer.json())
    assert ("queued", {"catalog": "default"}, "ops") == (run.state, run.conf, run.triggering_user_name)
    assert run.task_instances
    assert ["default"] == asked(world.session)
    act = world.session.scalars(select(Audit)).one()
    assert ("ops", "catalog.refresh", "default", run.run_id) == (
        act.actor,
        act.action,
        act.target,
        act.detail["sync_run_id"],
    )
    assert ["trigger_dag_run"] == world.session.scalars(select(Log.event).where(Log.run_id == run.run_id)).all()


def test_a_queued_run_is_enough(refresh, with_sync, world):
    """It has not looked yet; one that runs may have looked before the push."""
    first, second = refresh().json(), refresh().json()
    assert first == second
    world.session.execute(update(DagRun).where(DagRun.dag_id == SYNC_DAG).values(state="running"))
    world.session.commit()

    third = refresh().json()

    assert first["sync_run_id"] != third["sync_run_id"]
    assert [first["sync_run_id"], third["sync_run_id"]] == [run.run_id for run in runs(world.session)]


def test_an_answer_that_got_lost_is_given_again(refresh, with_sync, world):
    """By its key, though the run is at work by now; the key of another catalog's refresh is another one."""
    key = {"headers": {"Idempotency-Key": "push-7"}}
    first = refresh(**key)
    world.session.execute(update(DagRun).where(DagRun.dag_id == SYNC_DAG).values(state="running"))
    world.session.commit()

    again, other = refresh(**key), refresh("?catalog=default", **key)

    assert (202, first.json(), "true") == (again.status_code, again.json(), again.headers["Idempotency-Replayed"])
    assert first.json() != other.json()
    assert 2 == len(runs(world.session))
    assert 2 == len(world.session.scalars(select(Audit)).all())


def test_a_scheduled_run_is_no_answer(refresh, with_sync, world):
    """It names no catalog."""
    assert 202 == refresh().status_code
    world.session.execute(update(DagRun).where(DagRun.dag_id == SYNC_DAG).values(conf={}))
    world.session.commit()

    refresh()

    assert 2 == len(runs(world.session))


def test_calls_at_the_same_time_queue_one_run(refresh, with_sync, world):
    """The second waits until the first is written, and finds it."""
    ask_for_refresh(world.session, "default")
    world.session.commit()
    with create_session(scoped=False) as other:
        first = start_sync(other, world.shelf, "default", "ops")
        answers = []
        second = threading.Thread(target=lambda: answers.append(refresh().json()["sync_run_id"]))
        second.start()
        while second.is_alive() and not waits_for_its_turn(world.session):
            second.join(timeout=0.01)
        other.commit()
        second.join(timeout=30)

    assert [first] == answers
    assert [first] == [run.run_id for run in runs(world.session)]


def test_without_the_dag_there_is_no_refresh(refresh, world):
    """The answer says what is missing, and nothing was done."""
    answer = refresh()

    assert (503, True) == (answer.status_code, "'catalog_sync' is not there" in answer.json()["detail"])
    assert "Retry-After" in answer.headers
    assert ([], []) == (runs(world.session), asked(world.session))


def test_only_catalogs_that_there_are_can_be_refreshed(refresh, with_sync):
    """By operators."""
    assert [404, 403] == [
        refresh("?catalog=elsewhere").status_code,
        refresh(caller=a_caller(Permission.CATALOG_READ)).status_code,
    ]


def test_each_catalog_is_asked_for_by_itself(session):
    """However long the part is that their names have in common, and only once."""
    names = [f"{'long-' * 20}{end}" for end in ("a", "b")]
    for name in [*names, *names]:
        ask_for_refresh(session, name)
    session.commit()

    assert names == sorted(asked(session))
