"""What metrics tell of the queue."""

from __future__ import annotations

import datetime as dt

from airflow.models.dagrun import DagRun
from sqlalchemy import update

from api_plugin.clock import utc_now
from api_plugin.queueing import holding
from api_plugin.queueing.admitting import admit, let_go_of_ended
from api_plugin.queueing.limits import Limits
from api_plugin.queueing.measuring import queue_metrics
from api_plugin.stopping import stop_run
from tests.items import action, compiled_item

ITEM = compiled_item("queue", action("a"))
ONE = Limits(platform=1)


def measured(session, limits):
    """Each sample by its name and label."""
    found = {}
    for family in queue_metrics(session, limits):
        found |= {(sample.name, *sample.labels.values()): sample.value for sample in family.samples}
    return found


def test_who_waits_is_counted_by_what_they_wait_for(world, monkeypatch):
    """With the longest wait there is now, and the mean of those that are over."""
    monkeypatch.setattr(holding, "configured", lambda: ONE)
    world.publish(ITEM)
    world.parse(ITEM)
    for _ in range(3):
        world.order()
    earlier = utc_now() - dt.timedelta(seconds=100)
    world.session.execute(update(DagRun).values(queued_at=earlier).execution_options(synchronize_session=False))
    admit(world.session, ONE)
    world.session.commit()

    found = measured(world.session, ONE)

    assert (2, 0) == (found["pao_queue_waiting", "platform"], found["pao_queue_waiting", "item"])
    assert 100 <= found["pao_queue_oldest_seconds",] < 200
    assert 100 <= found["pao_queue_waited_seconds",] < 200


def test_what_ended_while_it_waited_had_no_turn(world, monkeypatch):
    """However long it had waited: cancelled, or marked in Airflow's UI."""
    monkeypatch.setattr(holding, "configured", lambda: ONE)
    world.publish(ITEM)
    world.parse(ITEM)
    cancelled, marked = world.order(), world.order()
    earlier = utc_now() - dt.timedelta(seconds=100)
    world.session.execute(update(DagRun).values(queued_at=earlier).execution_options(synchronize_session=False))
    stop_run(world.session, (cancelled.dag_id, cancelled.run_id))
    world.run(marked, "failed")
    let_go_of_ended(world.session)

    assert 0 == measured(world.session, ONE)["pao_queue_waited_seconds",]


def test_without_limits_nothing_waits(session):
    """The families are there all the same, so that alerts on them work."""
    assert {0.0} == set(measured(session, Limits()).values())
