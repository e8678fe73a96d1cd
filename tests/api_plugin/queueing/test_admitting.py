"""Held runs in a real database: who holds a place is Airflow's word, and no limit is ever exceeded."""

from __future__ import annotations

import threading

import pytest
from airflow.models.dagrun import DagRun
from airflow.utils.session import create_session
from airflow.utils.types import DagRunTriggeredByType, DagRunType
from sqlalchemy import func, select, update

from api_plugin.adopting import adopt
from api_plugin.clock import utc_now
from api_plugin.permissions import Permission
from api_plugin.queueing import holding
from api_plugin.queueing.admitting import AT_ONCE, TURNS_KEPT, admit, admit_all
from api_plugin.queueing.limits import Limits
from api_plugin.queueing.reading import IS_HELD
from api_plugin.reconciling import reconcile_all
from api_plugin.runs import HELD
from api_plugin.state import ApiState
from api_plugin.store.queue import QueueTurn
from catalog_compiler.setting_lists import NamedLimits
from tests.api_plugin.conftest import a_caller
from tests.items import UNDO, action, compiled_item

ITEM = compiled_item("queue", action("a", rollback=UNDO))
OTHER = compiled_item("other", action("a"))
ONE = Limits(platform=1)
ADA, BOB = a_caller(name="ada"), a_caller(name="bob")


@pytest.fixture
def limited(world, monkeypatch):
    """A world in which limits are configured; returns how to say which."""
    world.publish(ITEM, OTHER)
    world.parse(ITEM, OTHER)

    def limit(limits):
        monkeypatch.setattr(holding, "configured", lambda: limits)
        monkeypatch.setattr("api_plugin.reconciling.configured", lambda: limits)
        return world

    return limit


def started(limits):
    """Look once, in a transaction of its own: how many started."""
    with create_session(scoped=False) as session:
        return admit(session, limits).started


def held(world):
    """The ids of the requests that wait."""
    world.session.rollback()
    return set(world.session.scalars(select(DagRun.run_id).where(IS_HELD)))


def startable(world):
    """What Airflow's scheduler would take now."""
    world.session.rollback()
    return {run.run_id for run in DagRun.get_queued_dag_runs_to_set_running(world.session)}


def test_without_limits_a_run_starts_at_once(limited):
    """Nothing waits, and nothing is asked."""
    world = limited(Limits())
    request = world.order()

    assert {str(request.id)} == startable(world)
    assert set() == held(world)


def test_with_limits_a_run_waits_until_it_may_start(limited):
    """Airflow's own scheduler leaves it alone until then."""
    world = limited(ONE)
    first, second = world.order(caller=ADA), world.order(caller=BOB)

    assert set() == startable(world)
    assert [1, 0] == [started(ONE), started(ONE)]
    assert {str(first.id)} == startable(world)
    assert {str(second.id)} == held(world)


@pytest.mark.parametrize("end", ["success", "failed"])
def test_an_end_makes_room(limited, end):
    """Whichever way it ends, and whoever ended it: the run's state alone says so."""
    world = limited(ONE)
    first, second = world.order(caller=ADA), world.order(caller=BOB)
    started(ONE)
    world.run(first, "running")

    assert 0 == started(ONE)
    world.run(first, end)
    assert 1 == started(ONE)
    assert set() == held(world)
    world.run(second, end)


def test_users_take_turns(limited):
    """One has three in the queue before the other comes with one: it is the second that starts."""
    world = limited(ONE)
    ours = [world.order(caller=ADA) for _ in range(3)]
    theirs = world.order(caller=BOB)
    order = []
    for _ in range(4):
        started(ONE)
        (run_id,) = startable(world)
        order.append(run_id)
        world.run(next(each for each in [*ours, theirs] if str(each.id) == run_id), "success")

    assert [str(each.id) for each in (ours[0], theirs, ours[1], ours[2])] == order


def test_turns_of_long_ago_are_forgotten(limited):
    """The table does not grow with everybody who ever ordered."""
    world = limited(ONE)
    world.session.add_all([QueueTurn(user_id="gone", turn=1), QueueTurn(user_id="here", turn=TURNS_KEPT + 5)])
    world.session.commit()
    world.order(caller=ADA)
    started(ONE)

    assert {"here": TURNS_KEPT + 5, "ada": TURNS_KEPT + 6} == {
        row.user_id: row.turn for row in world.session.scalars(select(QueueTurn))
    }


def test_a_role_goes_first(limited):
    """By the roles that the requester had."""
    limits = Limits(platform=1, priorities={"PAO Operator": 10})
    world = limited(limits)
    world.order(caller=ADA)
    urgent = world.order(caller=a_caller(name="olga", roles=("PAO Developer", "PAO Operator")))
    started(limits)

    assert {str(urgent.id)} == startable(world)


def test_what_is_cancelled_while_it_waits_never_starts(limited):
    """Its run is marked as failed; a clear by a person puts it back into the queue."""
    world = limited(ONE)
    request = world.order()
    world.run(request, "failed")

    assert 0 == started(ONE)
    assert HELD == world.session.scalar(select(DagRun.run_after).where(DagRun.run_id == str(request.id)))
    world.run(request, "queued", clear_number=1)
    assert 1 == started(ONE)


def test_what_people_do_by_hand_neither_waits_nor_takes_a_place(limited):
    """A ticket may be open for weeks."""
    world = limited(ONE)
    by_hand = world.order(mode="manual")
    first, second = world.order(), world.order()

    assert {str(by_hand.id)} == startable(world)
    assert 1 == started(ONE)
    assert {str(second.id)} == held(world)
    assert {str(by_hand.id), str(first.id)} == startable(world)


def test_an_item_and_an_action_type_have_limits_of_their_own(limited):
    """What waits for one of them holds up nothing else."""
    limits = Limits(item=NamedLimits(named={"queue": 1}), action_type={"rest-api": 2})
    world = limited(limits)
    for item_id in ("queue", "queue", "other", "other"):
        world.order(item_id)

    assert 2 == started(limits)
    assert {"default.queue": 1, "default.other": 1} == dict(
        world.session.execute(select(DagRun.dag_id, func.count()).where(IS_HELD).group_by(DagRun.dag_id)).all()
    )


def test_many_start_in_parts(limited):
    """No transaction grows with the queue; when the limits are taken away, everything starts."""
    world = limited(ONE)
    for _ in range(AT_ONCE + 5):
        world.order()

    with create_session(scoped=False) as session:
        done = admit_all(session, Limits())
    assert (AT_ONCE + 5, False) == (done.started, done.waiting)


def test_the_reconcile_dag_moves_the_queue(limited):
    """Should no API process do it."""
    world = limited(ONE)
    request = world.order()
    with create_session(scoped=False) as session:
        reconcile_all(session, world.shelf)

    assert {str(request.id)} == startable(world)


def test_several_processes_that_look_at_once_never_exceed_a_limit(limited):
    """While requests start and end between their looks."""
    limits = Limits(platform=3)
    world = limited(limits)
    for number in range(40):
        world.order(caller=a_caller(name=f"user-{number % 7}"))
    most, over = [], threading.Event()
    assert 3 == started(limits)

    def look():
        while not over.is_set():
            started(limits)

    def taken(session):
        return session.scalar(select(func.count()).where(DagRun.state != "success", DagRun.run_after < HELD))

    lookers = [threading.Thread(target=look) for _ in range(4)]
    for looker in lookers:
        looker.start()
    try:
        while held(world):
            with create_session(scoped=False) as session:
                most.append(taken(session))
                one = select(DagRun.id).where(DagRun.state != "success", DagRun.run_after < HELD).limit(1)
                session.execute(
                    update(DagRun).where(DagRun.id.in_(one.scalar_subquery())).values(state="success")
                    .execution_options(synchronize_session=False)
                )  # fmt: skip
    finally:
        over.set()
        for looker in lookers:
            looker.join()

    assert 3 == max(most)
    assert set() == held(world)


@pytest.mark.parametrize("state", ["failed", "success"])
def test_what_a_person_ended_while_it_waited_has_no_time_in_the_far_future_any_more(limited, state):
    """Marked in Airflow's UI, which sorts by it; what waits keeps its place."""
    world = limited(ONE)
    running, ended, waiting = (world.order() for _ in range(3))
    started(ONE)
    world.run(ended, state)
    with create_session(scoped=False) as session:
        reconcile_all(session, world.shelf)

    world.session.rollback()
    late = select(DagRun.run_id).where(DagRun.run_after == HELD)
    assert {str(waiting.id)} == set(world.session.scalars(late))
    assert {str(running.id)} == startable(world)


def test_a_run_that_was_started_in_airflow_takes_a_place(limited):
    """It does not wait itself: whoever may start it there could start anything; all others wait for its end."""
    world = limited(ONE)
    first = world.order(caller=ADA)
    started(ONE)
    by_hand(world, first)
    waiting = world.order(caller=BOB)

    world.run(first, "success")
    assert 0 == started(ONE)
    world.run(first, "success", run_id="manual__1")
    assert 1 == started(ONE)
    assert {str(waiting.id)} == startable(world)


def by_hand(world, like):
    """Start the item of a request in Airflow, and have the run found."""
    run = world.shelf.get(world.session, like.dag_id).dag.create_dagrun(
        session=world.session,
        run_id="manual__1",
        run_after=utc_now(),
        conf={"name": "a"},
        run_type=DagRunType.MANUAL,
        triggered_by=DagRunTriggeredByType.UI,
        triggering_user_name="ada",
        state="running",
    )
    world.session.commit()
    state = ApiState(catalogs=world.cache, dags=world.shelf)
    adopt(world.session, state, (run.dag_id, run.run_id), find_user=lambda *_: a_caller(Permission.REQUEST_CREATE))
    world.session.commit()
