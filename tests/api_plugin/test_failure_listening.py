"""What follows from a failed run begins when the API hears of the failure, once, in one of its processes."""

from __future__ import annotations

import time
from contextlib import ExitStack

import pytest
from airflow.utils.session import create_session
from sqlalchemy import select

from api_plugin.failure_listening import FailureListener
from api_plugin.store.notices import tell_failed
from api_plugin.store.requests import Request, RequestRollback
from tests.api_plugin.runs import a_report
from tests.items import UNDO, action, compiled_item

ITEM = compiled_item("queue", action("a", rollback=UNDO), action("b"))
LONG = 20.0


@pytest.fixture
def failed(world):
    """A request whose run has failed, of which nobody was told yet."""
    world.publish(ITEM)
    world.parse(ITEM)
    request = world.order()
    world.task(request, "a", "success", a_report())
    world.task(request, "b", "failed", a_report("failed"))
    world.run(request, "failed")
    return request


def tell(dag_id, run_id):
    with create_session(scoped=False) as session:
        tell_failed(session, dag_id, run_id)


def rollbacks(world):
    world.session.rollback()
    return world.session.scalars(select(RequestRollback).execution_options(populate_existing=True)).all()


def comes_to_be_undone(world):
    """Whether a rollback was started within a while."""
    until = time.monotonic() + LONG
    while not (found := rollbacks(world)) and time.monotonic() < until:
        time.sleep(0.01)
    return [row.actions for row in found] == [["a"]]


def test_a_failed_request_is_undone_at_once(world, failed):
    """Its status as well is that of one that is being undone."""
    with FailureListener(world.shelf).running() as listening:
        assert listening.wait_until_at_work(LONG)
        tell(failed.dag_id, failed.run_id)
        assert comes_to_be_undone(world)
        status = select(Request.status).where(Request.id == failed.id)
        assert "rolling_back" == world.session.scalar(status)


def test_what_is_told_of_other_runs_and_what_is_told_again_changes_nothing(world, failed):
    """Airflow runs other DAGs too, and the callback comes as well."""
    with FailureListener(world.shelf).running() as listening:
        assert listening.wait_until_at_work(LONG)
        tell("somebody.elses", "run")
        for _ in range(3):
            tell(failed.dag_id, failed.run_id)
            assert comes_to_be_undone(world)
    assert 1 == len(rollbacks(world))


def test_one_that_can_not_be_settled_now_holds_up_no_other(world, failed, monkeypatch):
    """Its rollback's DAG is not ready: it is left to the callback."""
    with FailureListener(world.shelf).running() as listening:
        assert listening.wait_until_at_work(LONG)
        with monkeypatch.context() as patched:
            asked = []
            patched.setattr(world.shelf, "get", lambda _session, dag_id: asked.append(dag_id))
            tell(failed.dag_id, failed.run_id)
            until = time.monotonic() + LONG
            while not asked and time.monotonic() < until:
                time.sleep(0.01)
        assert ["default.queue.rollback"] == asked
        assert [] == rollbacks(world)
        tell(failed.dag_id, failed.run_id)
        assert comes_to_be_undone(world)


def test_one_process_is_told_and_another_takes_over(world, failed, monkeypatch):
    """As soon as the first one is gone."""
    monkeypatch.setattr(FailureListener, "again", (0.05,))
    first, second = FailureListener(world.shelf), FailureListener(world.shelf)
    with ExitStack() as other:
        with first.running():
            assert first.wait_until_at_work(LONG)
            other.enter_context(second.running())
            assert not second.wait_until_at_work(0.2)
        assert second.wait_until_at_work(LONG)
        tell(failed.dag_id, failed.run_id)
        assert comes_to_be_undone(world)
