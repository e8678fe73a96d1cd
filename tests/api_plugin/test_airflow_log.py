"""Who cleared, marked or undid a request in Airflow is told in its timeline, each act once."""

from __future__ import annotations

import datetime as dt
import json
import uuid

import pytest
from airflow.models.log import Log

from api_plugin.airflow_log import acted_on, id_of_run
from api_plugin.clock import utc_now
from api_plugin.projection import bring_up_to_date
from tests.api_plugin.runs import a_report
from tests.items import UNDO, action, compiled_item

ITEM = compiled_item("queue", action("a", rollback=UNDO), action("b"))


@pytest.fixture
def request_(world):
    """A request whose first action failed, as was seen."""
    world.publish(ITEM)
    world.parse(ITEM)
    request = world.order()
    world.run(request, "failed")
    world.task(request, "a", "failed", a_report("failed"))
    look(world, request)
    return request


def look(world, request):
    bring_up_to_date(world.session, [request.id])
    world.session.commit()


def act(world, request, event, owner, *, run_id=None, dag_id=None, **extra):
    """Write down what Airflow's API writes down."""
    line = Log(event=event, owner=owner, extra=json.dumps({"method": "POST"} | extra))
    line.dttm, line.dag_id = utc_now(), dag_id or request.dag_id
    line.run_id = run_id or (None if "dag_runs" in extra else request.run_id)
    world.session.add(line)
    world.session.commit()


def told(world, request):
    """The timeline after the first failure."""
    events = [event.data for event in world.events(request) if event.type == "status"]
    return [(data["status"], data.get("by")) for data in events[5:]]


@pytest.mark.parametrize(
    ("event", "extra"),
    [
        ("clear_dag_run", {}),
        ("post_clear_task_instances", {"task_ids": ["a"]}),
        ("patch_dag_run", {"state": "queued"}),
        ("clear_dag_runs", {"dag_runs": ["this one"]}),
    ],
)
def test_a_clear_is_told_with_who_did_it(world, request_, event, extra):
    """In each of the ways in which Airflow's UI clears; of many runs at once, they are named in the details alone."""
    if "dag_runs" in extra:
        extra = {"dag_runs": [request_.run_id]}
    act(world, request_, event, "ada", **extra)
    world.run(request_, "running", clear_number=1)
    look(world, request_)

    assert [("queued", "ada"), ("in_progress", None)] == told(world, request_)


def test_two_acts_that_are_seen_in_turn_are_each_told(world, request_):
    """Though both were written down by the first look."""
    act(world, request_, "clear_dag_run", "ada")
    act(world, request_, "patch_task_instance", "bob", new_state="success")
    world.run(request_, "running", clear_number=1)
    look(world, request_)
    for name in ("a", "b"):
        world.task(request_, name, "success", try_number=2)
    world.run(request_, "success")
    look(world, request_)

    assert [("queued", "ada"), ("in_progress", None), ("completed", "bob")] == told(world, request_)


def test_what_ends_by_itself_is_nobodys_doing(world, request_):
    """An act of before is not told again."""
    act(world, request_, "clear_dag_run", "ada")
    act(world, request_, "patch_task_instance", "bob", new_state="success")
    world.run(request_, "running", clear_number=1)
    look(world, request_)
    for name in ("a", "b"):
        world.task(request_, name, "success", a_report(try_number=2), try_number=2)
    world.run(request_, "success")
    look(world, request_)

    assert ("completed", None) == told(world, request_)[-1]


def test_acts_on_other_runs_are_none_of_it(world, request_):
    """Nor what the platform did by itself."""
    act(world, request_, "clear_dag_run", "eve", run_id="another")
    act(world, request_, "clear_dag_run", "eve", dag_id="default.other")
    act(world, request_, "clear_dag_run", "pao")
    world.run(request_, "running", clear_number=1)
    look(world, request_)

    assert [("queued", None), ("in_progress", None)] == told(world, request_)


def test_whose_runs_persons_acted_on_lately_is_told(world, request_):
    """Of a request's own run, of what was started for it, of many at once, and of a run that was started in Airflow."""
    others = [uuid.uuid4() for _ in range(3)]
    before = utc_now() - dt.timedelta(hours=1)
    act(world, request_, "clear_dag_run", "op")
    act(world, request_, "patch_dag_run", "op", run_id=f"{others[0]}.rollback.1", dag_id="default.queue.rollback")
    act(world, request_, "clear_dag_runs", "op", dag_runs=[str(each) for each in others[1:]])
    act(world, request_, "clear_dag_run", "op", run_id="by-hand", dag_id="default.queue")
    act(world, request_, "trigger_dag_run", "op", run_id=str(uuid.uuid4()))

    assert {request_.id, *others, id_of_run("default.queue", "by-hand")} <= acted_on(world.session, before)
    assert set() == acted_on(world.session, utc_now())
