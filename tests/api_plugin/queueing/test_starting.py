"""A run whose turn has come starts as a submission starts one that never waited."""

from __future__ import annotations

import pytest
from airflow.models.dag import DagModel
from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance
from airflow.models.trigger import Trigger
from airflow.utils.session import create_session
from sqlalchemy import delete, select, update

from api_plugin import runs
from api_plugin.active_runs import ActiveRuns
from api_plugin.queueing import holding, starting
from api_plugin.queueing.admitting import admit
from api_plugin.queueing.limits import Limits
from tests.api_plugin.test_first_tasks import everything
from tests.items import action, compiled_item

ITEM = compiled_item(
    "queue", action("first"), action("beside", depends_on=[]), action("last", depends_on=["first", "beside"])
)
ON_WORKERS = compiled_item(
    "made", action("first", type="terraform", config={"repository": "https://example.com/roots.git"})
)
MANY = Limits(platform=100)


@pytest.fixture
def queued(world, monkeypatch):
    """The catalog with the items, in a deployment where requests wait for their turn, and then start at once."""
    known = runs.settings().model_copy(update={"start_at_once": True})
    for module in (runs, starting):
        monkeypatch.setattr(module, "settings", lambda: known)
        monkeypatch.setattr(module, "ACTIVE", ActiveRuns())
    monkeypatch.setattr(holding, "configured", lambda: MANY)
    world.publish(ITEM, ON_WORKERS)
    world.parse(ITEM, ON_WORKERS)
    world.session.execute(update(DagModel).values(bundle_version="a-commit"))
    world.session.commit()
    yield world
    world.session.rollback()
    world.session.execute(delete(Trigger))
    world.session.commit()


def let_start():
    with create_session(scoped=False) as session:
        assert admit(session, MANY).started


def state(world, request):
    world.session.rollback()
    return world.session.scalar(select(DagRun.state).where(DagRun.run_id == str(request.id)))


def test_it_is_what_a_submission_makes_that_does_not_wait(queued, monkeypatch):
    """Column by column, of the run, its tasks and their triggers."""
    waited = queued.order()
    assert "queued" == state(queued, waited)
    let_start()
    monkeypatch.setattr(holding, "configured", Limits)
    at_once = queued.order()

    assert everything(queued, at_once) == everything(queued, waited)
    assert 2 == len(everything(queued, waited)[2])


@pytest.mark.parametrize(
    ("values", "states"), [({"is_paused": True}, ["queued", "queued"]), ({"max_active_runs": 1}, ["running", "queued"])]
)
def test_what_its_dag_does_not_let_start_is_left_to_the_scheduler(queued, values, states):
    """Where it is paused, and where as many run as may: the first starts, the second waits."""
    queued.session.execute(update(DagModel).where(DagModel.dag_id == "default.queue").values(**values))
    queued.session.commit()
    requests = [queued.order() for _ in range(2)]
    let_start()

    assert states == [state(queued, each) for each in requests]


def test_what_needs_the_scheduler_is_left_to_it(queued):
    """An action that needs a worker."""
    request = queued.order("made")
    let_start()

    assert "queued" == state(queued, request)


@pytest.mark.parametrize(("table", "values"), [(DagRun, {"clear_number": 1}), (TaskInstance, {"state": "success"})])
def test_what_a_person_had_a_hand_in_is_left_to_the_scheduler(queued, table, values):
    """Who cleared it, or marked one of its actions while it waited: nothing that is done is done again."""
    request = queued.order()
    queued.session.execute(update(table).where(table.run_id == str(request.id)).values(**values))
    queued.session.commit()
    let_start()

    assert "queued" == state(queued, request)
    assert [] == queued.session.scalars(select(Trigger.id)).all()


def test_a_deployment_may_leave_it_to_the_scheduler(queued, monkeypatch):
    """By the setting that says so of submissions."""
    known = starting.settings()
    monkeypatch.setattr(starting, "settings", lambda: known.model_copy(update={"start_at_once": False}))
    request = queued.order()
    let_start()

    assert "queued" == state(queued, request)
