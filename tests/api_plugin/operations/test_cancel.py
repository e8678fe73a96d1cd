"""A cancelled request stops, is undone as its item says, and ends `cancelled`, whatever happens in between."""

from __future__ import annotations

import threading

import pytest
from airflow.models.dagrun import DagRun
from airflow.models.log import Log
from airflow.models.taskinstance import TaskInstance
from airflow.utils.session import create_session
from sqlalchemy import select, update

from api_plugin import cancellation
from api_plugin.exceptions import ApiProblem
from api_plugin.operations import cancel as operation
from api_plugin.operations.cancel import cancel
from api_plugin.permissions import Permission
from api_plugin.projection import bring_up_to_date, rollback_of
from api_plugin.reconciling import reconcile_all
from api_plugin.request_answers import answer
from api_plugin.runs import HELD, DagShelf
from api_plugin.store.access import Audit
from api_plugin.store.requests import Request, RequestRollback
from catalog_compiler.run_format import ActionFailure
from tests.api_plugin.conftest import a_caller
from tests.api_plugin.runs import a_report
from tests.items import UNDO, action, compiled_item

ITEM = compiled_item("queue", action("a", rollback=UNDO), action("b", rollback=UNDO), action("c"))
HOLD = compiled_item("held", action("a", rollback=UNDO), action("b"), on_failure="hold")
DEV = a_caller(Permission.REQUEST_READ, Permission.REQUEST_CANCEL)


@pytest.fixture
def request_(world):
    """A request that is queued."""
    world.publish(ITEM, HOLD)
    world.parse(ITEM, HOLD)
    return world.order()


def cancelled(world, request, *, undo=None, shelf=None, caller=DEV):
    """Cancel it as a call does: its status after that."""
    with create_session(scoped=False) as session:
        return cancel(session, shelf or world.shelf, request.id, caller, undo=undo).status


def look(request):
    """Its status, and those of its actions."""
    with create_session(scoped=False) as session:
        (found,) = bring_up_to_date(session, [request.id])
        return found.status, " ".join(action["status"] for action in found.state["actions"])


def shown(request):
    with create_session(scoped=False) as session:
        (found,) = bring_up_to_date(session, [request.id])
        return answer(found, (), rollback_of(session, [found]).get(found.id))


def at_work(world, request, *, done=("a",), now="b"):
    """Let the request be in the middle of an action."""
    world.run(request, "running")
    for name in done:
        world.task(request, name, "success", a_report())
    world.task(request, now, "deferred")


def stopped(world, request, name="b", **more):
    """Let the host of an action have stopped it, and told so."""
    world.task(request, name, "failed", a_report("failed", effect_possible=True, **more))


def rollback(world):
    world.session.rollback()
    return world.session.scalars(select(RequestRollback).execution_options(populate_existing=True)).one_or_none()


def undo(world, request, *states):
    """Let the rollback's places end like that."""
    row = rollback(world)
    for place, state in enumerate(states, start=1):
        report = a_report("completed" if state == "success" else "failed")
        world.task(request, f"undo-{place}", state, report, dag_id=row.dag_id, run_id=row.run_id)
    world.run(request, "success", dag_id=row.dag_id, run_id=row.run_id)


def airflow(world, request):
    """The states of run and tasks in Airflow, with which of them have begun."""
    world.session.rollback()
    run = world.session.scalar(select(DagRun.state).where(DagRun.run_id == str(request.id)))
    tasks = world.session.execute(
        select(TaskInstance.task_id, TaskInstance.state, TaskInstance.start_date)
        .where(TaskInstance.run_id == str(request.id))
        .order_by(TaskInstance.task_id)
    )
    return run, [(task.task_id, task.state, task.start_date is not None) for task in tasks]


def test_a_queued_request_never_begins(world, request_):
    """Nothing is to be stopped, and nothing undone: it has ended at once."""
    assert "cancelled" == cancelled(world, request_)

    never = [(name, "skipped", False) for name in ("a", "b", "c")]
    assert ("failed", never) == airflow(world, request_)
    assert ("cancelled", "skipped skipped skipped") == look(request_)
    assert ["submitted", "validated", "queued", "cancelling", "cancelled"] == world.statuses(request_)
    assert (None, None, "default.queue") == (shown(request_).error, rollback(world), request_.dag_id)


def test_a_request_in_the_middle_is_stopped_and_undone(world, request_):
    """The action at work first, as one that may have had an effect; then what had completed."""
    at_work(world, request_)

    assert "cancelling" == cancelled(world, request_)

    assert ("failed", [("a", "success", True), ("b", "failed", True), ("c", "skipped", False)]) == airflow(
        world, request_
    )
    assert ("cancelling", "completed cancelled skipped") == look(request_)
    assert (["b", "a"], "rolling_back") == (rollback(world).actions, shown(request_).rollback.status)

    stopped(world, request_)
    undo(world, request_, "success", "success")
    assert ("cancelled", "rolled_back rolled_back skipped") == look(request_)
    assert ("rolled_back", None) == (shown(request_).rollback.status, shown(request_).error)
    assert ["in_progress", "cancelling", "cancelled"] == world.statuses(request_)[3:]


def test_between_two_actions_nothing_is_at_work(world, request_):
    """The next one does not begin."""
    world.run(request_, "running")
    world.task(request_, "a", "success", a_report())
    world.session.execute(update(TaskInstance).where(TaskInstance.task_id == "b").values(state="scheduled"))
    world.session.commit()

    assert "cancelling" == cancelled(world, request_)
    assert ("cancelling", "completed skipped skipped") == look(request_)
    assert ["a"] == rollback(world).actions


def test_what_could_not_be_undone_is_named(world, request_):
    """It is cancelled all the same; a person can have it rolled back again."""
    at_work(world, request_)
    cancelled(world, request_)
    stopped(world, request_)
    undo(world, request_, "failed", "success")

    assert ("cancelled", "rolled_back rollback_failed skipped") == look(request_)
    assert ("rollback_failed", "not undone, so possibly left standing: b") == (
        shown(request_).rollback.status,
        shown(request_).error,
    )


@pytest.mark.parametrize(("item", "undo", "rolls"), [
    ("queue", None, True), ("queue", False, False), ("held", None, False), ("held", True, True), ("held", False, False),
])  # fmt: skip
def test_the_item_and_the_caller_say_whether_it_is_undone(world, request_, item, undo, rolls):
    """What an item holds after a failure, it holds here; the caller has the last word."""
    request = world.order(item)
    at_work(world, request)

    assert "cancelling" == cancelled(world, request, undo=undo)
    assert rolls is (rollback(world) is not None)


def test_one_that_is_not_undone_ends_when_all_is_stopped(world, request_):
    """Before that, it is still being cancelled."""
    at_work(world, request_)
    assert "cancelling" == cancelled(world, request_, undo=False)
    stopped(world, request_)

    assert ("cancelled", "completed cancelled skipped") == look(request_)
    assert (None, None) == (shown(request_).rollback, shown(request_).error)


def test_a_host_that_never_tells_is_not_waited_for_for_ever(world, request_, monkeypatch):
    """It died with what it was at."""
    at_work(world, request_)
    cancelled(world, request_, undo=False)
    monkeypatch.setattr(cancellation, "STOPS_WITHIN", cancellation.STOPS_WITHIN * 0)

    assert ("cancelled", "completed cancelled skipped") == look(request_)


def test_what_could_not_be_stopped_is_named(world, request_):
    """It may go on outside."""
    at_work(world, request_)
    cancelled(world, request_, undo=False)
    error = ActionFailure(message="it goes on", kind="outcome_unknown", effect_possible=True)
    world.task(request_, "b", "failed", a_report("failed").model_copy(update={"error": error}))

    assert ("cancelled", "completed cancelled skipped") == look(request_)
    assert "action 'b' failed: it goes on" == shown(request_).error


def test_cancelling_again_changes_nothing(world, request_):
    """It is answered like the first time, with what is now."""
    at_work(world, request_)
    assert ["cancelling", "cancelling"] == [cancelled(world, request_), cancelled(world, request_, undo=False)]

    acts = world.session.scalars(select(Audit).where(Audit.action == "request.cancel")).all()
    assert [("dev", "accepted", True)] == [(act.actor, act.outcome, act.detail["rollback"]) for act in acts]
    assert ["in_progress", "cancelling"] == world.statuses(request_)[3:]


@pytest.mark.parametrize("state", ["success", "failed"])
def test_what_has_ended_is_not_cancelled(world, request_, state):
    """Also where nobody had seen yet that it had."""
    world.run(request_, state)

    with pytest.raises(ApiProblem) as caught:
        cancelled(world, request_)

    ended = "completed" if state == "success" else "failed"
    assert (409, f"request-{ended}") == (caught.value.status, caught.value.code)
    assert (state, []) == (airflow(world, request_)[0], world.session.scalars(
        select(Audit).where(Audit.action == "request.cancel")).all())  # fmt: skip


def test_of_two_at_once_one_acts(world, request_):
    """Both are answered alike."""
    at_work(world, request_)
    ready, answers = threading.Barrier(4), []

    def call():
        ready.wait()
        answers.append(cancelled(world, request_))

    threads = [threading.Thread(target=call) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert ["cancelling"] * 4 == answers
    assert 1 == len(world.session.scalars(select(Audit).where(Audit.action == "request.cancel")).all())
    assert ["b", "a"] == rollback(world).actions


def test_a_death_before_the_undo_begins_costs_nothing(world, request_, monkeypatch):
    """Reconciling finds what is to be undone, and that a person cancelled."""
    at_work(world, request_)
    monkeypatch.setattr(operation, "settle", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        cancelled(world, request_)
    assert (("cancelling", "completed cancelled skipped"), None) == (look(request_), rollback(world))

    with create_session(scoped=False) as session:
        assert 1 == reconcile_all(session, world.shelf).rollbacks_started
    assert ["b", "a"] == rollback(world).actions
    stopped(world, request_)
    undo(world, request_, "success", "success")
    assert ("cancelled", "rolled_back rolled_back skipped") == look(request_)


def test_an_undo_that_can_not_start_now_is_started_later(world, request_):
    """The request is stopped all the same, and its caller is told so."""
    at_work(world, request_)
    world.stale("default.queue.rollback")

    assert "cancelling" == cancelled(world, request_, shelf=DagShelf())
    assert ("cancelling", None) == (look(request_)[0], rollback(world))


def test_a_clear_begins_anew(world, request_):
    """A person who clears the run in Airflow wants it to run: the cancellation was of the try before."""
    cancelled(world, request_)
    world.run(request_, "running", clear_number=1)
    world.task(request_, "a", "deferred", try_number=2)

    assert "in_progress" == look(request_)[0]
    assert ["cancelling", "cancelled", "queued", "in_progress"] == world.statuses(request_)[3:]


def test_it_is_told_who_did_it(world, request_):
    """In the timeline, in the audit trail, and in Airflow's own log."""
    cancelled(world, request_, caller=a_caller(name="op"))

    events = [event.data for event in world.events(request_) if event.type == "status"]
    assert ["dev", None, None, "op", None] == [data.get("by") for data in events]
    line = world.session.scalars(select(Log).where(Log.run_id == str(request_.id), Log.event == "patch_dag_run")).one()
    assert ("op", "by PAO: cancelled") == (line.owner, line.extra)


def test_who_may_cancel(world, request_, portal):
    """One's own, an operator all; a team that owns the item sees it, and everyone else does not."""
    operator = a_caller(
        Permission.REQUEST_READ, Permission.REQUEST_CANCEL, Permission.REQUEST_READ_ALL, Permission.REQUEST_CANCEL_ALL,
        name="op",
    )  # fmt: skip
    team = a_caller(Permission.REQUEST_READ, Permission.REQUEST_CANCEL, name="ann", roles=("team",))
    other = a_caller(Permission.REQUEST_READ, Permission.REQUEST_CANCEL, name="eve")
    reader = a_caller(Permission.REQUEST_READ)
    path = f"/requests/{request_.id}"

    assert [404, 403, 403] == [portal("DELETE", path, caller).status_code for caller in (other, team, reader)]
    assert "queued" == world.session.get(Request, request_.id, populate_existing=True).status
    answer = portal("DELETE", path, operator)
    assert (202, "cancelled") == (answer.status_code, answer.json()["status"])
    assert (409, "request-cancelled") == (
        portal("DELETE", path, DEV).status_code, portal("DELETE", path, DEV).json()["code"]
    )  # fmt: skip


def test_a_call_can_leave_what_was_done(world, request_, portal):
    """`?rollback=false`."""
    at_work(world, request_)

    answer = portal("DELETE", f"/requests/{request_.id}?rollback=false", DEV)
    assert (202, "cancelling", None) == (answer.status_code, answer.json()["status"], answer.json()["rollback"])
    assert rollback(world) is None


def test_one_that_waited_for_its_turn_has_no_time_in_the_far_future_any_more(world, request_):
    """Airflow sorts its runs by that time, and shows it: the run is to stand where it was cancelled."""
    world.session.execute(update(DagRun).where(DagRun.run_id == request_.run_id).values(run_after=HELD))
    world.session.commit()

    assert "cancelled" == cancelled(world, request_)

    run_after, end = world.session.execute(
        select(DagRun.run_after, DagRun.end_date).where(DagRun.run_id == request_.run_id)
    ).one()
    assert end == run_after
