"""A request's history: each change told once, in order, whoever looks, and however seldom."""

from __future__ import annotations

import threading

import pytest
from airflow.models.dagrun import DagRun
from airflow.utils.session import create_session
from sqlalchemy import delete

from api_plugin import airflow_state
from api_plugin.projection import bring_up_to_date
from catalog_compiler.run_format import PROGRESS_KEY
from catalog_compiler.sealing import Sealer
from tests.api_plugin.runs import a_report
from tests.items import action, compiled_item

ITEM = compiled_item("queue", action("first"), action("last"))


@pytest.fixture
def request_(world):
    """An accepted request of two actions."""
    world.publish(ITEM)
    world.parse(ITEM)
    return world.order()


def look(world, request, **more):
    """Bring the request up to date in a transaction of its own."""
    with create_session(scoped=False) as session:
        (found,) = bring_up_to_date(session, [request.id], **more)
        return found.status


def test_a_request_begins_with_its_three_steps(world, request_):
    """It was checked and queued in the same moment."""
    assert ["submitted", "validated", "queued"] == world.statuses(request_)
    assert "queued" == look(world, request_)


def test_looking_again_tells_nothing_again(world, request_):
    """Also not for each of many that look."""
    world.run(request_, "running")
    world.task(request_, "first", "deferred")
    for _ in range(3):
        assert "in_progress" == look(world, request_)

    assert ["submitted", "validated", "queued", "in_progress"] == world.statuses(request_)
    assert [1, 2, 3, 4, 5] == sorted(event.seq for event in world.events(request_))


def test_every_change_of_an_action_is_told(world, request_):
    """With the action as people see it."""
    world.run(request_, "running")
    world.task(request_, "first", "deferred")
    look(world, request_)
    world.task(request_, "first", "success", a_report(outputs={"id": 7}))
    world.task(request_, "last", "deferred")
    look(world, request_)

    told = [
        (event.data["action"]["name"], event.data["action"]["status"])
        for event in world.events(request_)
        if event.type == "action"
    ]
    assert [("first", "running"), ("first", "completed"), ("last", "running")] == told


def test_no_step_is_missing_where_nobody_looked(world, request_):
    """From queued to completed between two looks."""
    world.run(request_, "success")
    for name in ("first", "last"):
        world.task(request_, name, "success", a_report())

    assert "completed" == look(world, request_)
    assert ["submitted", "validated", "queued", "in_progress", "completed"] == world.statuses(request_)
    assert list(range(1, 8)) == [event.seq for event in world.events(request_)]


def test_an_ended_request_that_an_operator_clears_lives_again(world, request_):
    """Airflow wins; the report of the try before does not count."""
    world.run(request_, "failed")
    world.task(request_, "first", "failed", a_report("failed"))
    assert "failed" == look(world, request_)

    world.run(request_, "running", clear_number=1)
    world.task(request_, "first", "deferred", try_number=2)

    assert "in_progress" == look(world, request_)
    assert ["in_progress", "failed", "queued", "in_progress"] == world.statuses(request_)[3:]
    with create_session(scoped=False) as session:
        (found,) = bring_up_to_date(session, [request_.id])
        assert (None, None, "running") == (
            found.ended_at,
            found.state["error"],
            found.state["actions"][0]["status"],
        )


def test_a_request_whose_run_is_gone_keeps_what_was_known(world, request_, session):
    """Airflow's tables are cleaned from time to time."""
    world.run(request_, "success")
    assert "completed" == look(world, request_)
    session.execute(delete(DagRun).where(DagRun.run_id == str(request_.id)))
    session.commit()

    assert "completed" == look(world, request_)


def test_secret_outputs_are_masked_in_the_history(world, request_):
    """What is kept for people never holds them, sealed or not."""
    sealed = Sealer(world_key()).seal("hunter22")
    world.run(request_, "running")
    world.task(request_, "first", "success", a_report(outputs={"password": sealed, "id": 7}))
    look(world, request_)

    (event,) = (event for event in world.events(request_) if event.type == "action")
    assert {"password": "***", "id": 7} == event.data["action"]["outputs"]


def world_key():
    from api_plugin.configuration import settings

    return settings().fernet_key


def test_many_that_look_at_once_tell_each_change_once(world, request_):
    """The row's lock lets one after the other."""
    world.run(request_, "running")
    world.task(request_, "first", "deferred")
    ready = threading.Barrier(8)
    failures = []

    def watch(number):
        ready.wait()
        try:
            for _ in range(5):
                look(world, request_, wait=number % 2 == 0)
        except Exception as error:  # noqa: BLE001 - the thread's own end
            failures.append(error)

    threads = [threading.Thread(target=watch, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    world.task(request_, "first", "success", a_report())
    world.task(request_, "last", "success", a_report())
    world.run(request_, "success")
    for thread in threads:
        thread.join()
    look(world, request_)

    assert [] == failures
    assert ["submitted", "validated", "queued", "in_progress", "completed"] == world.statuses(request_)
    events = world.events(request_)
    assert list(range(1, len(events) + 1)) == [event.seq for event in events]
    told = [
        (event.data["action"]["name"], event.data["action"]["status"]) for event in events if event.type == "action"
    ]
    assert len(set(told)) == len(told)


def test_what_an_action_waits_for_is_told_when_it_begins_to_wait(world, request_):
    """Once, with where to look; what an earlier try waited for is not told of this one."""
    ticket = "https://jira.example.com/browse/OPS-1"
    world.run(request_, "running")
    world.task(request_, "first", "deferred", try_number=2)
    world.left(request_, "first", PROGRESS_KEY, {"try_number": 1, "url": "https://jira.example.com/browse/OPS-0"})
    look(world, request_)
    world.left(request_, "first", PROGRESS_KEY, {"try_number": 2, "url": ticket})
    look(world, request_)
    look(world, request_)
    world.task(request_, "first", "success", a_report(try_number=2), try_number=2)
    look(world, request_)

    told = [event.data["action"] for event in world.events(request_) if event.type == "action"]
    assert [("running", None), ("waiting", ticket), ("completed", ticket)] == [
        (action["status"], action["url"]) for action in told
    ]


def test_an_action_is_never_seen_as_done_without_what_it_left(world, request_, monkeypatch):
    """Here it ends while its state is being read: it counts as running until the next look."""
    world.run(request_, "running")
    world.task(request_, "first", "deferred")
    read = airflow_state._read_xcoms  # noqa: SLF001 - the moment between two queries can be met nowhere else

    def end_in_between(session, wanted):
        monkeypatch.undo()
        world.task(request_, "first", "success", a_report(outputs={"id": 7}))
        return read(session, wanted)

    monkeypatch.setattr(airflow_state, "_read_xcoms", end_in_between)
    look(world, request_)
    look(world, request_)

    told = [event.data["action"] for event in world.events(request_) if event.type == "action"]
    assert [("running", {}), ("completed", {"id": 7})] == [(action["status"], action["outputs"]) for action in told]


def test_one_that_is_being_looked_at_is_given_as_it_is_stored(world, request_, session):
    """A watcher does not wait for another."""
    world.run(request_, "running")
    with create_session(scoped=False) as other:
        bring_up_to_date(other, [request_.id])

        assert "queued" == look(world, request_, wait=False)
    assert "in_progress" == look(world, request_, wait=False)


def test_requests_come_in_the_order_that_was_asked_for(world, request_):
    """A list's pages depend on it; unknown ones are left out."""
    second, third = world.order(), world.order()
    wanted = [third.id, request_.id, second.id]

    with create_session(scoped=False) as session:
        assert wanted == [found.id for found in bring_up_to_date(session, wanted)]
