"""Triggers always end their task where it is, with the report of what happened."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from types import SimpleNamespace

import pytest
from airflow.triggers.base import TaskFailedEvent, TaskSkippedEvent, TaskSuccessEvent
from pao_actions.http_client import close_clients
from pao_airflow import trigger
from pao_airflow.handed_confs import handed
from pao_airflow.operators import ActionOperator, UndoOperator
from pao_airflow.trigger import STOPPED_BY_A_PERSON, ActionTrigger, UndoTrigger

from catalog_compiler.run_format import REPORT_KEY, decode
from tests.pao_actions.conftest import Answer
from tests.pao_airflow.conftest import KEY, REQUEST_ID, a_conf, a_step

SKIPPED = {"when": {"field": "large", "operator": "eq", "value": True}}


@pytest.fixture(autouse=True)
def settings(monkeypatch):
    monkeypatch.setenv("AIRFLOW__PAO__FERNET_KEY", KEY)
    monkeypatch.setenv("AIRFLOW__PAO__ALLOW_PRIVATE_ADDRESSES", "True")


def test_what_airflow_stores_of_a_trigger_is_fixed():
    """Triggers that wait while PAO is upgraded are made again from it."""
    step = a_step({"method": "GET", "url": "https://example.com"}).model_dump_json()

    assert ("pao_airflow.trigger.ActionTrigger", {"step": step}) == ActionTrigger(step=step).serialize()
    assert ("pao_airflow.trigger.UndoTrigger", {"position": 2, "last": True}) == (
        UndoTrigger(position=2, last=True).serialize()
    )


@pytest.mark.parametrize("conf", [{}, {"request": "a copied one"}])
def test_the_conf_that_the_supervisor_hands_over_is_all_that_it_asks_for(conf):
    """Also an empty one, of a run that was started in Airflow: nothing of the task's DAG is there."""
    made = ActionTrigger(step=a_step({"method": "GET", "url": "https://example.com"}).model_dump_json())
    made.trigger_id = 7
    handed.hand(7, conf)

    def asked():
        pytest.fail("the context of Airflow's task was asked for")

    (event,) = events(made, None, get_template_context=asked)

    handed.forget(7)
    assert isinstance(event, TaskFailedEvent)
    assert "the action host failed" not in str(event.xcoms)
    assert handed.of(7) is None


def test_no_template_of_airflows_is_ever_rendered():
    """User values must not reach Jinja."""
    assert ((), ()) == (tuple(ActionOperator.template_fields), tuple(UndoOperator.template_fields))


def events(trigger, conf, **more):
    """All events of a trigger for a task of that conf."""
    task = {
        "dag_id": "default.queue",
        "run_id": REQUEST_ID,
        "task_id": "create",
        "try_number": 3,
        "get_template_context": lambda: {"dag_run": SimpleNamespace(conf=conf)},
    }

    async def host():
        trigger.task_instance = SimpleNamespace(**(task | more))
        try:
            return [event async for event in trigger.run()]
        finally:
            await close_clients()

    return asyncio.run(host())


@pytest.mark.parametrize(
    ("status", "more", "kind", "outcome"),
    [
        (200, {}, TaskSuccessEvent, "completed"),
        (400, {}, TaskFailedEvent, "failed"),
        (400, {"on_error": "continue"}, TaskSuccessEvent, "failed"),
        (200, SKIPPED, TaskSkippedEvent, "skipped"),
    ],
)
def test_each_outcome_has_its_event(supervisor, target, status, more, kind, outcome):
    """A failure that the item tolerates ends as a success, with the error in its report."""
    target.answers = [Answer(status)]
    step = a_step({"method": "PUT", "url": target.url}, **more)

    (event,) = events(ActionTrigger(step=step.model_dump_json()), a_conf(step, large=False))

    assert isinstance(event, kind)
    report = event.xcoms[REPORT_KEY]
    assert (outcome, 3) == (report["outcome"], report["try_number"])
    assert (outcome == "failed") is (report["error"] is not None)


@pytest.mark.parametrize("handed_over", [False, True])
def test_airflows_own_triggerer_needs_the_report_before_the_event(supervisor, target, handed_over):
    """It drops the event of a task that was stopped meanwhile; ours keeps the report then, and asks for no more."""
    step = a_step({"method": "PUT", "url": target.url})
    made, conf = ActionTrigger(step=step.model_dump_json()), a_conf(step)
    made.trigger_id = 8
    if handed_over:
        handed.hand(8, conf)

    (event,) = events(made, conf)

    handed.forget(8)
    left = decode(supervisor.xcoms.get(("default.queue", REQUEST_ID, "create", REPORT_KEY)))
    assert (None if handed_over else event.xcoms[REPORT_KEY]) == left


def test_a_report_that_cant_be_stored_is_in_the_event_all_the_same(supervisor, target, monkeypatch):
    """What an action did is never taken for a fault of its host."""

    async def away(*_):
        raise RuntimeError("the database is away")

    monkeypatch.setattr(trigger, "write_report", away)
    step = a_step({"method": "PUT", "url": target.url})

    (event,) = events(ActionTrigger(step=step.model_dump_json()), a_conf(step))

    assert "completed" == event.xcoms[REPORT_KEY]["outcome"]


def test_a_kill_while_the_report_is_stored_takes_nothing_back(supervisor, target, monkeypatch):
    """The action has ended, so there is nothing to stop: its report is stored, and its undo finds what it made."""
    begun, place = asyncio.Event(), ("default.queue", REQUEST_ID, "create")
    store = trigger.write_report

    async def slowly(*what):
        if not begun.is_set():
            begun.set()
            await asyncio.Event().wait()
        await store(*what)

    monkeypatch.setattr(trigger, "write_report", slowly)
    supervisor.states[place] = "failed"
    step = a_step({"method": "PUT", "url": target.url})
    made = ActionTrigger(step=step.model_dump_json())
    made.task_instance = SimpleNamespace(
        dag_id=place[0], run_id=place[1], task_id=place[2], try_number=1,
        get_template_context=lambda: {"dag_run": SimpleNamespace(conf=a_conf(step))},
    )  # fmt: skip

    async def scene():
        running = asyncio.ensure_future(anext(made.run()))
        beginning = asyncio.ensure_future(begun.wait())
        await asyncio.wait({running, beginning}, return_when=asyncio.FIRST_COMPLETED)
        running.cancel(STOPPED_BY_A_PERSON)
        with pytest.raises(asyncio.CancelledError):
            await running
        await made.on_kill()
        await close_clients()

    asyncio.run(scene())

    assert "completed" == decode(supervisor.xcoms[(*place, REPORT_KEY)])["outcome"]


@pytest.mark.parametrize(("last", "kind"), [(False, TaskFailedEvent), (True, TaskFailedEvent)])
def test_an_undo_that_fails_is_a_failure(supervisor, last, kind):
    """Nothing is tolerated there."""
    (event,) = events(UndoTrigger(position=1, last=last), None)

    assert isinstance(event, kind)


@pytest.mark.parametrize("kind", ["action", "undo"])
def test_a_kill_by_a_person_stops_the_work(supervisor, monkeypatch, kind):
    """Airflow calls it once `run` is over, and on nothing but a person's doing."""
    stopped = []

    async def note(what, task, **more):
        stopped.append((what if kind == "undo" else what.action.name, task.place.try_number, more))

    monkeypatch.setattr(trigger, "stop_step", note)
    monkeypatch.setattr(trigger, "stop_undo", note)
    step = a_step({"method": "GET", "url": "https://example.com"})
    made = ActionTrigger(step=step.model_dump_json()) if kind == "action" else UndoTrigger(position=2, last=True)
    made.task_instance = SimpleNamespace(
        dag_id="d", run_id="r", task_id="t", try_number=3,
        get_template_context=lambda: {"dag_run": SimpleNamespace(conf={})},
    )  # fmt: skip

    asyncio.run(made.on_kill())

    assert [("create", 3, {"ended": None})] == stopped if kind == "action" else [(2, 3, {"and_rest": True})] == stopped


def test_stopping_survives_that_airflow_cancels_anew(supervisor, monkeypatch):
    """It does so in every round of its loop until the trigger is gone."""
    stopped = []

    async def slowly(*_args, **_more):
        for _ in range(5):
            await asyncio.sleep(0)
        stopped.append(True)

    monkeypatch.setattr(trigger, "stop_step", slowly)
    made = ActionTrigger(step=a_step({"method": "GET", "url": "https://example.com"}).model_dump_json())
    made.task_instance = SimpleNamespace(
        dag_id="d", run_id="r", task_id="t", try_number=1,
        get_template_context=lambda: {"dag_run": SimpleNamespace(conf={})},
    )  # fmt: skip

    async def scene():
        killing = asyncio.create_task(asyncio.wait_for(made.on_kill(), timeout=10))
        for _ in range(3):
            await asyncio.sleep(0)
            killing.cancel()
        await asyncio.gather(killing, return_exceptions=True)
        for _ in range(10):
            await asyncio.sleep(0)

    asyncio.run(scene())

    assert [True] == stopped


def test_a_fault_of_our_own_ends_the_task_too(supervisor):
    """Without an event Airflow would send the task to a worker, which can't run it; details stay in the log."""
    step = a_step({"method": "GET", "url": "https://example.com"})

    def broken():
        raise RuntimeError("password=hunter22")

    (event,) = events(ActionTrigger(step=step.model_dump_json()), None, get_template_context=broken)

    error = event.xcoms[REPORT_KEY]["error"]
    assert isinstance(event, TaskFailedEvent)
    assert ("internal", True) == (error["kind"], error["effect_possible"])
    assert "an internal error (RuntimeError) stopped the action" in error["message"]
    assert "hunter22" not in str(event.xcoms)


def test_whoever_loads_the_plugin_or_builds_dags_loads_no_client():
    """Every process of Airflow does the first, and each file that is parsed is a process."""
    code = "import sys, pao_airflow.plugin, pao_airflow.operators; sys.exit('pao_airflow.host' in sys.modules)"

    subprocess.run([sys.executable, "-c", code], check=True)
