"""A run that failed is undone as its item says: once for each try, whoever asks, and however often."""

from __future__ import annotations

import pytest
from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance
from airflow.models.xcom import XComModel
from airflow.utils.session import create_session
from sqlalchemy import select

from api_plugin.configuration import settings
from api_plugin.settling import request_of_run, settle, unsettled
from api_plugin.store.access import Audit
from api_plugin.store.requests import RequestRollback
from catalog_compiler.run_format import REVOKED_KEY
from catalog_compiler.signing import verified
from tests.api_plugin.runs import a_report
from tests.items import UNDO, action, compiled_item

ITEM = compiled_item("queue", action("a", rollback=UNDO), action("b", rollback=UNDO), action("c", rollback=UNDO))
HOLD = compiled_item("held", action("a", rollback=UNDO), action("b"), on_failure="hold")


@pytest.fixture
def request_(world):
    """A request that is under way."""
    world.publish(ITEM, HOLD)
    world.parse(ITEM, HOLD)
    request = world.order()
    world.run(request, "running")
    return request


def fail(world, request, *, completed=("a", "b"), failed="c"):
    for name in completed:
        world.task(request, name, "success", a_report(ended=5 + ord(name) - ord("a")))
    world.task(request, failed, "failed", a_report("failed"))
    world.run(request, "failed")


def settled(world, request):
    """Settle it in a transaction of its own: whether a rollback was started, and the status."""
    with create_session(scoped=False) as session:
        result = settle(session, world.shelf, request.id)
        return result.rollback_started, result.request.status


def rollbacks(world):
    world.session.rollback()
    return world.session.scalars(select(RequestRollback).execution_options(populate_existing=True)).all()


def test_a_failed_run_is_undone_once(world, request_):
    """Newest first, in a run of its own that is signed and holds what to undo."""
    fail(world, request_)

    assert [(True, "rolling_back"), (False, "rolling_back"), (False, "rolling_back")] == [
        settled(world, request_) for _ in range(3)
    ]

    (rollback,) = rollbacks(world)
    assert ["b", "a"] == rollback.actions
    run = world.session.scalars(select(DagRun).where(DagRun.dag_id == "default.queue.rollback")).one()
    assert (f"{request_.id}.rollback.0", "queued") == (run.run_id, str(run.state))
    conf = verified(run.conf, settings().fernet_key)
    assert ["b", "a"] == [step.action for step in conf.rollback.steps]
    assert (str(request_.id), request_.revision) == (conf.request.id, conf.revision)


def test_places_that_are_not_needed_end_at_once(world, request_):
    """The DAG has one for each action that can be undone."""
    fail(world, request_, completed=("a",), failed="b")
    settled(world, request_)

    states = select(TaskInstance.task_id, TaskInstance.state).where(TaskInstance.dag_id == "default.queue.rollback")
    world.session.rollback()
    assert {"undo-1": None, "undo-2": "skipped", "undo-3": "skipped"} == {
        row.task_id: row.state for row in world.session.execute(states)
    }


def test_actions_of_an_undone_request_may_not_run_again(world, request_):
    """A mark says so in each task's place, for one that a person clears."""
    fail(world, request_)
    settled(world, request_)

    marks = select(XComModel.task_id).where(XComModel.run_id == str(request_.id), XComModel.key == REVOKED_KEY)
    assert {"a", "b", "c"} == set(world.session.scalars(marks))


def test_it_is_written_down_who_undid_what(world, request_):
    """In the audit trail."""
    fail(world, request_)
    settled(world, request_)

    entry = world.session.scalars(select(Audit).where(Audit.action == "request.rollback")).one()
    assert ("pao", str(request_.id), ["b", "a"]) == (entry.actor, entry.target, entry.detail["actions"])


@pytest.mark.parametrize("state", ["queued", "running", "success"])
def test_a_run_that_did_not_fail_is_left_alone(world, request_, state):
    """The callback may come late, after a person has cleared the run."""
    fail(world, request_)
    world.run(request_, state)

    assert settled(world, request_)[0] is False
    assert [] == rollbacks(world)


def test_a_failure_with_nothing_to_undo_ends_as_failed(world, request_):
    """The first action was refused."""
    fail(world, request_, completed=(), failed="a")

    assert (False, "failed") == settled(world, request_)


def test_an_item_may_hold_what_failed(world, request_):
    """For a person to look at."""
    request = world.order("held")
    fail(world, request, completed=("a",), failed="b")

    assert (False, "failed") == settled(world, request)


def test_each_try_has_a_rollback_of_its_own(world, request_):
    """A clear by a person is a new try."""
    fail(world, request_)
    settled(world, request_)
    world.run(request_, "failed", clear_number=1)

    assert (True, "rolling_back") == settled(world, request_)
    assert [0, 1] == sorted(rollback.clear_number for rollback in rollbacks(world))


def test_the_end_of_the_rollback_is_the_end_of_the_request(world, request_):
    """By the states of all its tasks."""
    fail(world, request_)
    settled(world, request_)
    (rollback,) = rollbacks(world)
    for task in ("undo-1", "undo-2"):
        world.task(request_, task, "success", a_report(), dag_id=rollback.dag_id, run_id=rollback.run_id)
    world.run(request_, "success", dag_id=rollback.dag_id, run_id=rollback.run_id)

    assert (False, "rolled_back") == settled(world, request_)
    assert ["queued", "in_progress", "rolling_back", "rolled_back"] == world.statuses(request_)[2:]


def test_a_run_leads_to_its_request(world, request_):
    """Also the run of its rollback; others lead nowhere."""
    fail(world, request_)
    settled(world, request_)
    (rollback,) = rollbacks(world)

    wanted = [
        ("default.queue", str(request_.id)),
        (rollback.dag_id, rollback.run_id),
        ("default.other", str(request_.id)),
        ("default.queue", "manual__2026-01-31"),
        ("default.queue", "0198c0de-0000-7000-8000-000000000001"),
    ]
    assert [request_.id, request_.id, None, None, None] == [request_of_run(world.session, *key) for key in wanted]


def test_reconciling_finds_what_a_lost_callback_left(world, request_):
    """Every request that has not ended, and those of them whose run has failed."""
    second = world.order()
    fail(world, request_)

    found = unsettled(world.session)

    assert [request_.id, second.id] == found.all
    assert [request_.id] == found.failed
