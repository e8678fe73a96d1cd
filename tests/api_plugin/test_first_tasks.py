"""A run that starts with its submission is what the scheduler would have made of it."""

from __future__ import annotations

import pytest
from airflow.models.dag import DagModel
from airflow.models.dagbag import DBDagBag
from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance
from airflow.models.trigger import Trigger
from airflow.utils.session import create_session
from airflow.utils.state import DagRunState
from sqlalchemy import delete, select, update

from api_plugin import runs
from api_plugin.active_runs import ActiveRuns
from tests.items import UNDO, action, compiled_item

ITEM = compiled_item(
    "queue",
    action("first", rollback=UNDO),
    action("beside", depends_on=[]),
    action("last", depends_on=["first", "beside"]),
)
LIMITED = compiled_item("limited", action("first", timeout=60))
PASSING = {"id", "run_id", "trigger_id", "dag_run_id", "context_carrier", "conf", "kwargs"}


@pytest.fixture
def published(world, monkeypatch):
    """The catalog with the item, in a deployment where requests start at once."""
    known = runs.settings().model_copy(update={"start_at_once": True})
    monkeypatch.setattr(runs, "settings", lambda: known)
    monkeypatch.setattr(runs, "ACTIVE", ActiveRuns())
    world.publish(ITEM, LIMITED)
    world.parse(ITEM, LIMITED)
    yield world
    world.session.rollback()
    world.session.execute(delete(Trigger))
    world.session.commit()


def started_by_airflow(request):
    """Let the run start as a loop of the scheduler does."""
    with create_session(scoped=False) as session:
        run = session.scalar(select(DagRun).where(DagRun.run_id == str(request.id)))
        run.state = DagRunState.RUNNING
        run.dag = DBDagBag().get_dag_for_run(dag_run=run, session=session)
        found, _ = run.update_state(session=session, execute_callbacks=False)
        run.schedule_tis(found, session=session)


def everything(world, request):
    """The run, its tasks and their triggers, but for what differs between any two runs."""
    world.session.rollback()
    mine = select(TaskInstance.trigger_id).where(TaskInstance.run_id == str(request.id))
    tables = [
        select(DagRun.__table__).where(DagRun.run_id == str(request.id)),
        select(TaskInstance.__table__).where(TaskInstance.run_id == str(request.id)).order_by(TaskInstance.task_id),
        select(Trigger.__table__).where(Trigger.id.in_(mine)).order_by(Trigger.id),
    ]
    return [
        [{name: shown(name, value) for name, value in row.items() if name not in PASSING} for row in rows.mappings()]
        for rows in map(world.session.execute, tables)
    ]


def shown(name, value):
    """Of a time, whether there is one."""
    timely = name.endswith(("_at", "_date", "_dttm", "run_after", "last_scheduling_decision"))
    return value is not None if timely else value


def test_it_is_what_the_scheduler_makes_of_it(published, monkeypatch):
    """Column by column, of the run, its tasks and their triggers."""
    ours = published.order()
    monkeypatch.setattr(runs, "may_start", lambda: False)
    theirs = published.order()
    started_by_airflow(theirs)

    assert everything(published, theirs) == everything(published, ours)
    assert 2 == len(everything(published, ours)[2])


def test_what_its_trigger_is_made_from_is_what_the_scheduler_gives(published, monkeypatch):
    """The encrypted arguments are those of the task."""
    published.order()
    monkeypatch.setattr(runs, "may_start", lambda: False)
    started_by_airflow(published.order())

    kwargs = [trigger.kwargs for trigger in published.session.scalars(select(Trigger).order_by(Trigger.id))]
    assert 4 == len(kwargs)
    assert sorted(map(str, kwargs[2:])) == sorted(map(str, kwargs[:2]))


def state(world, request):
    world.session.rollback()
    return world.session.scalar(select(DagRun.state).where(DagRun.run_id == str(request.id)))


@pytest.mark.parametrize(("values", "wanted"), [({"is_paused": True}, "queued"), ({"max_active_runs": 1}, "running")])
def test_what_its_dag_does_not_let_start_is_left_to_the_scheduler(published, values, wanted):
    """Where it is paused, and where as many run as may: the first starts, the second waits."""
    published.session.execute(update(DagModel).where(DagModel.dag_id == "default.queue").values(**values))
    published.session.commit()

    assert [wanted, "queued"] == [state(published, published.order()) for _ in range(2)]


def test_a_deployment_may_leave_it_to_the_scheduler(published, monkeypatch):
    """By its setting; as well where another plugin of Airflow's listens to runs that start."""
    known = runs.settings()
    monkeypatch.setattr(runs, "settings", lambda: known.model_copy(update={"start_at_once": False}))

    assert "queued" == state(published, published.order())


def test_a_count_is_made_anew_after_a_moment(published, monkeypatch):
    """Until then, what this process let start is counted with it; what ended since is not."""
    published.session.execute(update(DagModel).where(DagModel.dag_id == "default.queue").values(max_active_runs=2))
    published.session.commit()
    first = published.order()
    published.run(first, "success")

    kept = [state(published, published.order()) for _ in range(2)]
    monkeypatch.setattr(runs, "ACTIVE", ActiveRuns(seconds=0))
    anew = [state(published, published.order()) for _ in range(2)]

    assert (["running", "queued"], ["running", "queued"]) == (kept, anew)
