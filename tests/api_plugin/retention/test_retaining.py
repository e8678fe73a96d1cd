"""What was kept for long enough goes, with all that belongs to it, and nothing else; what stands can be undone."""

from __future__ import annotations

import datetime as dt
import itertools
from pathlib import Path

import pytest
from airflow.configuration import conf
from airflow.models.dagrun import DagRun
from airflow.utils.session import create_session
from sqlalchemy import func, select, text, update

from api_plugin.clock import utc_now
from api_plugin.permissions import Permission
from api_plugin.projection import bring_up_to_date
from api_plugin.retention import retaining
from api_plugin.retention.retaining import Periods, retain
from api_plugin.rolling_back import find, start_rollback
from api_plugin.store.access import Audit
from api_plugin.store.requests import Request, RequestEvent
from api_plugin.store.snapshots import RunSnapshot
from tests.api_plugin.conftest import a_caller
from tests.api_plugin.runs import a_report
from tests.items import UNDO, action, compiled_item

MAPPED = {"method": "PUT", "url": "https://example.com/a", "response_mapping": {"id": "$.id"}}
MADE = [{"type": "thing", "id": "{{response.a.id}}"}]
PLAIN = compiled_item("plain", action("a"))
MAKER = compiled_item("maker", action("a", config=MAPPED, rollback=UNDO, resources=MADE))
PERIODS = Periods.of_days(completed=90, failed=180, audit=730)


@pytest.fixture
def ended(world):
    """Makes a request that ended so many days ago."""
    world.publish(PLAIN, MAKER)
    world.parse(PLAIN, MAKER)

    def ending(days, state="success", item_id="plain"):
        request = world.order(item_id)
        outcome = {"success": "completed", "failed": "failed"}[state]
        world.task(request, "a", state, a_report(outcome, outputs={"id": 7} if state == "success" else {}))
        world.run(request, state)
        with create_session(scoped=False) as session:
            bring_up_to_date(session, [request.id])
            session.execute(
                update(Request)
                .where(Request.id == request.id)
                .values(ended_at=utc_now() - dt.timedelta(days=days), updated_at=utc_now() - dt.timedelta(days=days))
            )
        log_folder(request).mkdir(parents=True)
        (log_folder(request) / "attempt=1.log").write_text("what happened")
        return request.id, log_folder(request)

    return ending


def log_folder(request):
    base = Path(conf.get("logging", "base_log_folder"))
    return base / f"dag_id={request.dag_id}" / f"run_id={request.run_id}" / "task_id=a"


def retained(world, periods=PERIODS, **more):
    with create_session(scoped=False) as session:
        done = retain(session, periods, utc_now(), **({"seconds": 60} | more))
    world.session.rollback()
    world.session.expire_all()
    return done


def left(world):
    return set(world.session.scalars(select(Request.id)))


def count(world, table):
    return world.session.scalar(select(func.count()).select_from(table))


def test_each_kind_is_kept_for_its_time(world, ended):
    """Completed ones for less long than others."""
    young = {ended(89)[0], ended(179, "failed")[0], ended(0)[0]}
    old = [ended(91), ended(181, "failed")]

    done = retained(world)

    assert (2, 0, False) == (done.deleted, done.slimmed, done.more)
    assert young == left(world)
    assert 3 == count(world, DagRun)
    assert [False, False] == [folder.exists() for _, folder in old]


def test_what_runs_is_never_deleted(world, ended):
    """However old it is."""
    request = world.order("plain")
    world.run(request, "running")
    world.session.execute(update(Request).values(created_at=utc_now() - dt.timedelta(days=999)))
    world.session.commit()

    assert 0 == retained(world).deleted
    assert {request.id} == left(world)


def test_nothing_is_deleted_where_it_is_kept_for_ever(world, ended):
    """By a 0 in the settings."""
    ended(9999)

    assert 0 == retained(world, Periods.of_days(completed=0, failed=0, audit=0)).deleted
    assert 1 == len(left(world))


def test_a_request_of_which_something_is_active_can_still_be_undone(world, ended):
    """All but what that needs is gone; once it is released and old, the rest goes as well."""
    request_id, folder = ended(91, item_id="maker")

    done = retained(world)
    assert (0, 1) == (done.deleted, done.slimmed)
    assert (0, 0, 1, False) == (
        count(world, DagRun), count(world, RequestEvent), count(world, RunSnapshot), folder.exists(),
    )  # fmt: skip
    assert (0, 0) == (retained(world).deleted, retained(world).slimmed)

    with create_session(scoped=False) as session:
        found = find(session, session.get(Request, request_id))
        assert ("a",) == start_rollback(session, world.shelf, found, actor="op")
    rollback = {"dag_id": "default.maker.rollback", "run_id": f"{request_id}.rollback.0"}
    request = world.session.get(Request, request_id)
    world.task(request, "undo-1", "success", a_report(), **rollback)
    world.run(request, "success", **rollback)
    with create_session(scoped=False) as session:
        session.execute(update(Request).values(updated_at=utc_now()))
        assert "rolled_back" == bring_up_to_date(session, [request_id])[0].status
        session.execute(update(Request).values(ended_at=utc_now() - dt.timedelta(days=181)))

    assert 1 == retained(world).deleted
    assert (set(), 0) == (left(world), count(world, DagRun))


def test_a_retry_outlives_the_request_that_it_came_from(world, ended):
    """It tells no more of which one."""
    parent, child = ended(91)[0], ended(1)[0]
    world.session.execute(update(Request).where(Request.id == child).values(parent_id=parent))
    world.session.commit()

    retained(world)
    assert {child} == left(world)
    assert world.session.get(Request, child).parent_id is None


def test_old_entries_of_the_audit_trail_go(world, ended):
    """Those of the last two years stay."""
    ended(1)
    world.session.execute(update(Audit).values(at=utc_now() - dt.timedelta(days=731)))
    world.session.commit()
    ended(1)

    assert 1 == retained(world).audit
    assert 1 == count(world, Audit)


def test_it_stops_when_time_is_up_and_goes_on_the_next_time(world, ended, monkeypatch):
    """Each batch is whole."""
    monkeypatch.setattr(retaining, "BATCH", 1)
    for _ in range(3):
        ended(91)
    ticks = itertools.count()

    done = retained(world, seconds=3, clock=lambda: next(ticks))
    assert (True, 3) == (done.more, done.deleted + len(left(world)))
    assert 0 < done.deleted < 3
    rest = retained(world)
    assert (False, set()) == (rest.more, left(world))


def test_a_death_in_the_middle_leaves_whole_requests(world, ended, monkeypatch):
    """What was deleted before stays deleted; the next run finishes the rest."""
    monkeypatch.setattr(retaining, "BATCH", 1)
    ended(93)
    _, folder = ended(92)
    deleted = retaining.delete_runs
    calls = itertools.count()

    def dying(session, runs):
        deleted(session, runs)
        if next(calls) == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(retaining, "delete_runs", dying)
    with pytest.raises(KeyboardInterrupt):
        retained(world)
    world.session.rollback()
    assert (1, 1, False) == (len(left(world)), count(world, DagRun), folder.exists())

    monkeypatch.setattr(retaining, "delete_runs", deleted)
    assert 1 == retained(world).deleted


def test_the_operation_is_for_the_service_alone(world, portal):
    """The DAG calls it until there is no more."""
    assert 403 == portal("POST", "/internal/retention", a_caller(Permission.REQUEST_READ_ALL)).status_code
    answer = portal("POST", "/internal/retention", a_caller(Permission.INTERNAL, name="key:service"))
    assert {"deleted": 0, "slimmed": 0, "audit": 0, "answers": 0, "orphans": 0, "more": False} == answer.json()


def test_an_index_finds_what_is_old(world, ended):
    """However many there are."""
    world.session.execute(text("SET LOCAL enable_seqscan = off"))
    query = "SELECT id FROM pao.request WHERE ended_at < now() AND slimmed_at IS NULL ORDER BY ended_at LIMIT 50"
    plan = "\n".join(row[0] for row in world.session.execute(text(f"EXPLAIN {query}")))

    assert "ix_request_to_retain" in plan
