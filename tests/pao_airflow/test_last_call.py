"""An action that a person stops lets the call end that is on its way, so that what it makes is known."""

from __future__ import annotations

import asyncio
import json
import threading
from dataclasses import replace
from types import SimpleNamespace

import pytest
from airflow.jobs import triggerer_job_runner
from pao_actions.http_client import close_clients
from pao_airflow import last_call
from pao_airflow.last_call import CallsAtWork, EndedLateError, until_last_call
from pao_airflow.trigger import STOPPED_BY_A_PERSON, ActionTrigger

from catalog_compiler.run_format import REPORT_KEY, REVOKED_KEY, ActionReport, decode
from tests.pao_actions.conftest import Answer
from tests.pao_airflow.conftest import KEY, REQUEST_ID, a_conf, a_step

PLACE = ("default.queue", REQUEST_ID, "create")


@pytest.fixture(autouse=True)
def _settings(monkeypatch):
    monkeypatch.setenv("AIRFLOW__PAO__FERNET_KEY", KEY)
    monkeypatch.setenv("AIRFLOW__PAO__ALLOW_PRIVATE_ADDRESSES", "True")


def stopped(supervisor, target, answer, *, state="failed", message=STOPPED_BY_A_PERSON):
    """Stop the action as Airflow does, over and over, while its call is on its way; the report, and what was raised.

    The target answers when it was stopped three times; never, where there is no answer.
    """
    held = threading.Event()
    target.answers = [None if answer is None else replace(answer, held=held)]
    config = {"method": "POST", "url": target.url, "response_mapping": {"id": "$.id"}}
    step = a_step(config)
    trigger = ActionTrigger(step=step.model_dump_json())
    trigger.task_instance = SimpleNamespace(
        dag_id=PLACE[0], run_id=PLACE[1], task_id=PLACE[2], try_number=2,
        get_template_context=lambda: {"dag_run": SimpleNamespace(conf=a_conf(step))},
    )  # fmt: skip
    events = []

    async def run():
        events.extend([event async for event in trigger.run()])

    async def triggerer():
        running = asyncio.ensure_future(run())
        await asyncio.to_thread(target.reached.wait)
        supervisor.states[PLACE] = state
        supervisor.xcoms[(*PLACE, REVOKED_KEY)] = json.dumps(True)
        for _ in range(3):
            running.cancel(message)
            await asyncio.sleep(0)
        held.set()
        await asyncio.wait({running})
        with pytest.raises(asyncio.CancelledError) as caught:
            await running
        await trigger.on_kill()
        await close_clients()
        return caught.value.args

    raised = asyncio.run(triggerer())
    left = decode(supervisor.xcoms.get((*PLACE, REPORT_KEY)))
    assert [] == events
    return (None if left is None else ActionReport.model_validate(left)), raised


def test_airflow_tells_a_persons_doing_like_that():
    """It cancels triggers for other reasons as well."""
    assert triggerer_job_runner._USER_ACTION_CANCEL_MSG == STOPPED_BY_A_PERSON  # noqa: SLF001 - it has no other name


def test_what_the_call_made_is_known(supervisor, target):
    """Its undo finds the id. Airflow must hear that it was a person, or would not have the action stopped."""
    report, raised = stopped(supervisor, target, Answer(201, b'{"id": "db-1"}'))

    assert (STOPPED_BY_A_PERSON,) == raised
    assert ("completed", "db-1") == (report.outcome, report.outputs["id"])


def test_a_call_that_was_refused_needs_no_undo(supervisor, target):
    """It had no effect, and that is known as well."""
    report, _ = stopped(supervisor, target, Answer(400))

    assert ("failed", False) == (report.outcome, report.error.effect_possible)


def test_a_call_that_does_not_end_is_cut_off(supervisor, target, monkeypatch):
    """Then it may have had an effect."""
    monkeypatch.setattr(last_call, "CALL_SECONDS", 0.05)
    report, _ = stopped(supervisor, target, None)

    assert ("failed", {}, True) == (report.outcome, report.outputs, report.error.effect_possible)


def test_a_triggerer_that_ends_waits_for_nothing(supervisor, target):
    """Another one goes on with the action."""
    ended = stopped(supervisor, target, None, state="running", message="Supervisor closed")

    assert (None, ("Supervisor closed",)) == ended


def test_what_has_no_call_on_its_way_stops_at_once():
    """It waits for a ticket, say."""
    ended = []

    async def wait():
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)

    async def host():
        work = asyncio.ensure_future(until_last_call(wait(), CallsAtWork(), stopped_by="stop"))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        work.cancel("stop")
        with pytest.raises(asyncio.CancelledError):
            await work

    asyncio.run(host())
    assert [True] == ended


def test_a_fault_of_the_work_is_its_own():
    """It is no stop."""

    async def fail():
        raise LookupError("gone")

    with pytest.raises(LookupError, match="gone"):
        asyncio.run(until_last_call(fail(), CallsAtWork(), stopped_by="stop"))
    assert issubclass(EndedLateError, Exception)
