"""A person who stops an action stops what it began outside; its undo finds what that was."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest
from pao_actions.exceptions import PermanentError
from pao_airflow.memory import XComMemory, tell_try
from pao_airflow.stopping import stop_step, stop_undo
from pydantic import BaseModel

from catalog_compiler.actions import ActionResult, ActionType
from catalog_compiler.plan import UndoPlan
from catalog_compiler.run_format import REPORT_KEY, STATE_KEY, TRY_KEY, ActionReport, RollbackInfo, UndoStep, decode
from tests.api_plugin.runs import a_report
from tests.installed_types import installed
from tests.pao_airflow.conftest import REQUEST_ID, a_conf, a_place, a_step, a_task, undo

PLACE = ("default.queue", REQUEST_ID, "create")
UNDO_PLACE = ("default.queue.rollback", f"{REQUEST_ID}.rollback.0", "undo-1")


class Job(ActionType):
    """Begins a job outside, and follows it."""

    name = "job"
    summary = "Begins a job."
    stopped: list[object] = []  # noqa: RUF012 - of this test alone
    undone: list[object] = []  # noqa: RUF012 - as above
    problem: Exception | None = None

    class Config(BaseModel):
        """One optional key."""

        name: str = ""

    @classmethod
    def made(cls, state):
        outputs = {"id": state["id"]} if "id" in state else {}
        return ActionResult(outputs=outputs, url="https://jobs.example/1") if outputs else None

    async def run(self, _config, _context):
        raise AssertionError

    async def undo(self, config, context):
        self.undone.append((config.name, dict(context.undone)))
        return ActionResult(outputs={})

    async def cancel(self, config, context):
        self.stopped.append((config.name, context.undoing, await context.state.load()))
        await context.state.save({**await context.state.load(), "cancelled": True})
        if self.problem is not None:
            raise self.problem


@pytest.fixture(autouse=True)
def _job(supervisor):
    Job.stopped.clear()
    Job.undone.clear()
    Job.problem = None
    with installed(Job):
        yield


def kept(action, state, *, tried=1):
    """What a running action keeps, as Airflow stores what a trigger sets."""
    parts = {"attempts": {"attempt": 2, "started_at": "2026-01-31T10:00:00Z"}, "action": state}
    return json.dumps({"try_number": tried, "action": action, "state": parts})


def report_at(supervisor, place):
    value = decode(supervisor.xcoms.get((*place, REPORT_KEY)))
    return None if value is None else ActionReport.model_validate(value)


def stop(supervisor, state, *, stored=None, **conf):
    """Stop the action, whose task is in that state by now."""
    step = a_step({"name": "{{fields.name}}"}, type="job")
    supervisor.states[PLACE] = state
    if stored is not None:
        supervisor.xcoms[(*PLACE, STATE_KEY)] = kept("create", stored)
    asyncio.run(stop_step(step, a_task(conf.get("conf", a_conf(step, name="a")))))
    return report_at(supervisor, PLACE)


@pytest.mark.parametrize("state", ["failed", "skipped"])
def test_one_that_was_stopped_leaves_what_it_made(supervisor, state):
    """Marked failed by a person, or out of time, which Airflow calls skipped."""
    report = stop(supervisor, state, stored={"id": "j-1"})

    assert [("a", False, {"id": "j-1"})] == Job.stopped
    assert ("failed", {"id": "j-1"}, "https://jobs.example/1", 2) == (
        report.outcome,
        report.outputs,
        report.url,
        report.attempts,
    )
    assert ("permanent", True) == (report.error.kind, report.error.effect_possible)
    assert report.error.message.startswith("stopped, because the request was cancelled")


def test_one_that_could_not_be_stopped_says_so(supervisor):
    """What it made is told all the same."""
    Job.problem = PermanentError("job j-1 can't be stopped now")

    report = stop(supervisor, "failed", stored={"id": "j-1"})

    assert "may go on, because job j-1 can't be stopped now: look at it" in report.error.message
    assert {"id": "j-1"} == report.outputs


def test_one_that_was_marked_as_done_is_left_alone(supervisor):
    """The person says that its work is done: a ticket that was closed elsewhere, say."""
    assert stop(supervisor, "success", stored={"id": "j-1"}) is None
    assert [] == Job.stopped


@pytest.mark.parametrize("state", [None, "scheduled"])
def test_one_that_was_cleared_is_stopped_and_leaves_nothing(supervisor, state):
    """Neither the next try's report nor its state must be written over."""
    assert stop(supervisor, state, stored={"id": "j-1"}) is None
    assert [("a", False, {"id": "j-1"})] == Job.stopped
    assert kept("create", {"id": "j-1"}) == supervisor.xcoms[(*PLACE, STATE_KEY)]


@pytest.mark.parametrize(("later_try", "stopped"), [(2, 1), (1, 0), (None, 0)])
def test_one_that_is_at_work_again_is_stopped_only_if_it_was_cleared(supervisor, later_try, stopped):
    """Airflow cancels a trigger in the same way where another triggerer has taken it over: that one goes on with it."""
    if later_try is not None:
        supervisor.xcoms[(*PLACE, TRY_KEY)] = json.dumps(later_try)

    assert stop(supervisor, "deferred", stored={"id": "j-1"}) is None
    assert stopped == len(Job.stopped)


def test_a_cleared_one_is_stopped_by_what_it_remembers(supervisor):
    """The next try has written over its state by then, in the same place."""
    supervisor.states[PLACE] = "deferred"
    step = a_step({}, type="job")
    memory = XComMemory(a_place(), "create")
    task = replace(a_task(a_conf(step)), memory=lambda _place, _action: memory)

    async def scene():
        await memory.save({"action": {"id": "j-1"}})
        supervisor.xcoms[(*PLACE, STATE_KEY)] = kept("create", {"id": "j-2"}, tried=2)
        await tell_try(a_place(try_number=2))
        await stop_step(step, task)

    asyncio.run(scene())

    assert [("", False, {"id": "j-1"})] == Job.stopped
    assert kept("create", {"id": "j-2"}, tried=2) == supervisor.xcoms[(*PLACE, STATE_KEY)]


def test_a_run_that_the_api_did_not_make_stops_nothing(supervisor):
    """It began nothing either; nothing is raised, since Airflow's triggerer calls this."""
    assert stop(supervisor, "failed", stored={"id": "j-1"}, conf={}) is None
    assert [] == Job.stopped


def a_rollback(*names, tried=1):
    """Undoes the actions of these names, each with the id that it made."""
    steps = tuple(
        UndoStep(
            action=name,
            mode="automatic",
            type="job",
            try_number=tried,
            undo=UndoPlan(type="job", config={"name": f"{{{{response.{name}.id}}}}"}),
        )
        for name in names
    )
    return RollbackInfo(clear_number=0, header={"id": "queue"}, field_types={"name": "string"}, steps=steps)


def rollback_conf(*names, tried=1):
    step = a_step({}, type="job")
    return a_conf(step, rollback=a_rollback(*names, tried=tried))


def test_an_undo_finds_what_a_stopped_action_made(supervisor):
    """By the report that stopping it left, or by its stored state where the host died as well."""
    conf = rollback_conf("create")
    stop(supervisor, "failed", stored={"id": "j-1"})
    with_report = undo(1, conf).outcome
    del supervisor.xcoms[(*PLACE, REPORT_KEY)]
    with_state = undo(1, conf, try_number=2).outcome

    assert ("completed", "completed") == (with_report, with_state)
    # It sees what stopping stored as well.
    assert [("j-1", {"id": "j-1", "cancelled": True})] * 2 == Job.undone


def test_an_undo_does_not_take_the_report_of_an_earlier_try(supervisor):
    """It made another thing, which is undone already or still stands; the person's next try was stopped."""
    supervisor.report("create", a_report("failed", outputs={"id": "j-0"}))
    supervisor.xcoms[(*PLACE, STATE_KEY)] = kept("create", {"id": "j-1"}, tried=2)

    assert "completed" == undo(1, rollback_conf("create", tried=2)).outcome
    assert [("j-1", {"id": "j-1"})] == Job.undone


def test_the_undo_that_a_place_is_at_is_stopped(supervisor):
    """The last place of a rollback undoes several, one after another."""
    supervisor.report("a", a_report(outputs={"id": "j-a"}))
    supervisor.report("b", a_report(outputs={"id": "j-b"}))
    supervisor.states[UNDO_PLACE] = "failed"
    supervisor.xcoms[(*UNDO_PLACE, STATE_KEY)] = kept("a", {"id": "u-a"})
    dag_id, run_id, task_id = UNDO_PLACE
    task = a_task(rollback_conf("b", "a"), dag_id=dag_id, run_id=run_id, task_id=task_id)

    asyncio.run(stop_undo(1, task, and_rest=True))

    assert [("j-a", True, {"id": "u-a"})] == Job.stopped
    assert "failed" == report_at(supervisor, UNDO_PLACE).outcome
