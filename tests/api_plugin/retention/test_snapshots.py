"""What is known of a request that has ended outlives Airflow's rows: it is read, and undone, from its snapshot."""

from __future__ import annotations

import pytest
from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance
from airflow.models.xcom import XComModel
from airflow.utils.db_cleanup import run_cleanup
from airflow.utils.session import create_session
from sqlalchemy import delete, func, select, text, update

from api_plugin.airflow_state import read_runs
from api_plugin.clock import utc_now
from api_plugin.configuration import sealer, settings
from api_plugin.operations.rollback import roll_back
from api_plugin.projection import bring_up_to_date, run_key
from api_plugin.reconciling import reconcile_all
from api_plugin.retention.lost_runs import LOST
from api_plugin.rolling_back import find, start_rollback
from api_plugin.store.requests import Request
from api_plugin.store.snapshots import RunSnapshot
from catalog_compiler.run_format import STATE_KEY
from catalog_compiler.sealing import is_sealed
from catalog_compiler.signing import verified
from tests.api_plugin.conftest import a_caller
from tests.api_plugin.runs import a_report
from tests.items import UNDO, action, compiled_item

ITEM = compiled_item("queue", action("a", rollback=UNDO), action("b", rollback=UNDO))


@pytest.fixture
def ended(world):
    """A request that has completed, and was kept."""
    world.publish(ITEM)
    world.parse(ITEM)
    request = world.order()
    world.task(request, "a", "success", a_report(outputs={"id": 7, "token": sealer().seal("hunter22")}, ended=5))
    world.left(request, "a", STATE_KEY, {"try_number": 1, "state": {"action": {"key": "K-1"}}})
    world.task(request, "b", "success", a_report(ended=6))
    world.run(request, "success")
    assert 1 == reconcile_all(world.session, world.shelf).snapshots
    return request


def clean(world):
    """What `airflow db clean` does."""
    world.session.rollback()
    run_cleanup(
        clean_before_timestamp=utc_now(), table_names=["dag_run", "task_instance", "xcom"], confirm=False,
        skip_archive=True, session=world.session,
    )  # fmt: skip
    world.session.commit()
    assert 0 == world.session.scalar(select(func.count()).select_from(DagRun))


def seen(request):
    with create_session(scoped=False) as session:
        (found,) = bring_up_to_date(session, [request.id])
        return found.status, found.state["actions"]


def run_of(world, request):
    world.session.rollback()
    return read_runs(world.session, [run_key(request)])[run_key(request)]


def test_a_request_is_read_as_before_when_its_rows_are_gone(world, ended):
    """With outputs and times, whoever looks."""
    before, live = seen(ended), run_of(world, ended)
    clean(world)

    kept = run_of(world, ended)
    assert before == seen(ended)
    assert live.tasks == kept.tasks
    assert (live.state, live.clear_number, live.ended_at) == (kept.state, kept.clear_number, kept.ended_at)
    assert (False, True) == (live.kept, kept.kept)


def test_secret_outputs_are_sealed_in_the_snapshot(world, ended):
    """As the action left them."""
    (run,) = world.session.scalars(select(RunSnapshot.run))

    assert is_sealed(run["tasks"]["a"]["report"]["outputs"]["token"])
    assert "hunter22" not in str(run)


def rolled_back(world, request):
    """The conf of the rollback that was started."""
    with create_session(scoped=False) as session:
        found = find(session, session.get(Request, request.id))
        assert ("b", "a") == start_rollback(session, world.shelf, found, actor="op")
    world.session.rollback()
    run = world.session.scalars(select(DagRun).where(DagRun.dag_id == "default.queue.rollback")).one()
    return verified(run.conf, settings().fernet_key).rollback


def test_a_request_is_undone_from_its_snapshot(world, ended):
    """The rollback's run takes along what Airflow would be asked for."""
    clean(world)

    kept = rolled_back(world, ended).kept["automatic"]["a"]
    assert (7, {"key": "K-1"}) == (kept.report.outputs["id"], kept.state)
    assert is_sealed(kept.report.outputs["token"])


def test_a_rollback_that_failed_goes_on_when_its_rows_are_gone(world, ended):
    """What it undid is passed over, and is shown as undone."""
    rolled_back(world, ended)
    rollback = {"dag_id": "default.queue.rollback", "run_id": f"{ended.id}.rollback.0"}
    world.task(ended, "undo-1", "success", a_report(), **rollback)
    world.task(ended, "undo-2", "failed", a_report("failed"), **rollback)
    world.run(ended, "failed", **rollback)
    assert "rollback_failed" == seen(ended)[0]
    reconcile_all(world.session, world.shelf)
    clean(world)
    with create_session(scoped=False) as session:
        roll_back(session, world.shelf, session.get(Request, ended.id), a_caller(name="op"))

    world.session.rollback()
    states = select(TaskInstance.task_id, TaskInstance.state).where(TaskInstance.dag_id == rollback["dag_id"])
    assert {"undo-1": "success", "undo-2": None} == {row.task_id: row.state for row in world.session.execute(states)}
    assert ("rolling_back", ["completed", "rolled_back"]) == (
        seen(ended)[0], [each["status"] for each in seen(ended)[1]],
    )  # fmt: skip


def test_what_airflow_has_is_not_taken_along(world, ended):
    """The undos ask Airflow for it, as ever."""
    assert {} == rolled_back(world, ended).kept


@pytest.mark.parametrize("lost", [[XComModel], [XComModel, TaskInstance]], ids=["what the actions left", "the tasks"])
def test_what_is_missing_of_a_run_is_taken_from_the_snapshot(world, ended, lost):
    """Airflow's tables are cleaned one by one."""
    before = seen(ended)
    for table in lost:
        world.session.execute(delete(table))
    world.session.commit()

    run = run_of(world, ended)
    assert before == seen(ended)
    assert run.kept
    assert 7 == run.tasks["a"].report.outputs["id"]


def test_airflow_wins_where_it_has_another_try(world, ended):
    """A person cleared the run since."""
    world.session.execute(delete(XComModel))
    world.session.commit()
    world.run(ended, "failed", clear_number=1)
    world.task(ended, "a", "failed", try_number=2)

    run = run_of(world, ended)
    assert (False, None) == (run.kept, run.tasks["a"].report)


def test_a_request_is_kept_once_and_anew_when_it_changes(world, ended):
    """Looking again writes nothing."""
    assert 0 == reconcile_all(world.session, world.shelf).snapshots
    world.task(ended, "b", "failed", a_report("failed"))
    world.run(ended, "failed", clear_number=1)
    seen(ended)
    world.task(ended, "b", "success", a_report(ended=9))
    world.run(ended, "success", clear_number=1)
    seen(ended)

    assert 1 == reconcile_all(world.session, world.shelf).snapshots
    (run,) = world.session.scalars(select(RunSnapshot.run).execution_options(populate_existing=True))
    assert 1 == run["clear_number"]


def test_a_request_whose_run_was_taken_while_it_ran_is_ended(world):
    """With an error that says so; what was at work may have gone on."""
    world.publish(ITEM)
    world.parse(ITEM)
    request = world.order()
    world.run(request, "running")
    world.task(request, "a", "success", a_report(ended=5))
    world.task(request, "b", "deferred")
    assert "in_progress" == seen(request)[0]
    clean(world)

    assert 1 == reconcile_all(world.session, world.shelf).lost
    status, actions = seen(request)
    row = world.session.get(Request, request.id, populate_existing=True)
    assert ("failed", LOST) == (status, row.state["error"])
    assert row.ended_at is not None
    assert ["completed", "outcome_unknown"] == [each["status"] for each in actions]
    assert ["queued", "in_progress", "failed"] == world.statuses(request)[2:]
    assert 0 == reconcile_all(world.session, world.shelf).lost


def test_a_queued_request_whose_run_was_deleted_is_ended(world):
    """It waits for nothing any more."""
    world.publish(ITEM)
    world.parse(ITEM)
    request = world.order()
    world.session.execute(delete(DagRun))
    world.session.commit()

    reconcile_all(world.session, world.shelf)
    assert "failed" == seen(request)[0]


def test_an_index_finds_what_is_not_kept_yet(world, ended):
    """However many there are."""
    world.session.execute(update(Request).values(snapshot_at=utc_now()))
    world.session.execute(text("SET LOCAL enable_seqscan = off"))
    query = "SELECT id FROM pao.request WHERE ended_at IS NOT NULL AND snapshot_at IS NULL ORDER BY ended_at LIMIT 9"
    plan = "\n".join(row[0] for row in world.session.execute(text(f"EXPLAIN {query}")))

    assert "ix_request_without_snapshot" in plan
