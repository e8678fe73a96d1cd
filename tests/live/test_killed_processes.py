"""Each of Airflow's four processes is killed in the middle of a request, and the request ends right all the same."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from tests.live.example_target import ExampleTarget
from tests.live.items import PATIENT, database, dns, item, scripted_call, undo
from tests.live.portal import Portal
from tests.live.running_stack import RunningStack
from tests.live.scripted_target import ScriptedTarget
from tests.live.waiting import wait_for

ITEMS = (
    item("survivor-target", database(), dns()),
    item("survivor-safe", scripted_call("held", "/safe", retry=PATIENT), scripted_call("after", "/safe-after")),
    item(
        "survivor-unsafe",
        scripted_call("held", "/unsafe", rollback=undo(scripted_call("undo", "/unsafe-undo", "DELETE"))),
    ),
    item("survivor-stuck", scripted_call("held", "/stuck")),
    item("survivor-steps", scripted_call("held", "/steps"), scripted_call("after", "/steps-after")),
)
RECOVERY_SECONDS = 150
"""What may pass until a dead triggerer's work goes on: noticing that it is dead, and the start of the next one."""


@dataclass(frozen=True, kw_only=True)
class Accident:
    """Requests whose triggerer was killed while each had a call under way."""

    ids: Mapping[str, str]
    at: float


@pytest.fixture(scope="module")
def accident(developer: Portal, stack: RunningStack, scripted: ScriptedTarget, target: ExampleTarget) -> Accident:
    """Four requests at once, each with a call at its target; then the triggerer dies."""
    held = {name: scripted.hold(f"/{name}/accident") for name in ("safe", "unsafe", "stuck")}
    target.fault(method="POST", path="/v1/databases", delay=3)
    ids = {name: developer.submit(f"survivor-{name}", "accident") for name in ("target", *held)}
    for name in held:
        wait_for(lambda name=name: scripted.calls(f"/{name}/accident"), f"the call to /{name} has arrived")
    wait_for(lambda: developer.action(ids["target"], "database")["status"] == "running", "the database is being made")
    before = stack.heartbeats("TriggererJob")
    stack.kill("triggerer")
    killed = time.monotonic()
    wait_for(lambda: stack.heartbeats("TriggererJob") - before, "another triggerer has started")
    return Accident(ids=ids, at=killed)


def test_a_call_under_way_is_repeated_under_the_same_key(accident, developer: Portal, scripted: ScriptedTarget):
    """An action that may be repeated goes on where the dead triggerer left it, recognisable by its Idempotency-Key."""
    request = developer.ended(accident.ids["safe"], within=RECOVERY_SECONDS)
    calls = scripted.calls("/safe/accident")

    assert "completed" == request["status"]
    assert 2 == len(calls)
    assert 1 == len({call.headers["idempotency-key"] for call in calls})
    assert 1 == len(scripted.calls("/safe-after/accident"))


def test_the_effect_happens_once(accident, developer: Portal, target: ExampleTarget):
    """The target made the database before or after its caller died; it is there once, and the request completes."""
    request = developer.ended(accident.ids["target"], within=RECOVERY_SECONDS)

    assert "completed" == request["status"]
    assert [("created", "databases"), ("created", "dns")] == target.effects(
        request["outputs"]["database"]["id"], "accident"
    )


def test_a_call_that_must_not_be_repeated_is_not(accident, developer: Portal, scripted: ScriptedTarget):
    """Whether a POST without `retry` had its effect is not known: it is not sent again, and it is undone."""
    request = developer.ended(accident.ids["unsafe"], within=RECOVERY_SECONDS)

    assert ("rolled_back", ["rolled_back"]) == (
        request["status"],
        [action["status"] for action in request["actions"]],
    )
    assert "its answer is not known" in request["error"]
    assert 1 == len(scripted.calls("/unsafe/accident"))
    assert 1 == len(scripted.calls("/unsafe-undo/accident"))


def test_an_unknown_outcome_without_an_undo_is_said_to_be_unknown(
    accident, developer: Portal, scripted: ScriptedTarget
):
    """Nobody is told that something failed which may have been done."""
    request = developer.ended(accident.ids["stuck"], within=RECOVERY_SECONDS)

    assert ("failed", "outcome_unknown") == (request["status"], request["actions"][0]["status"])
    assert "look at the target" in request["error"]
    assert 1 == len(scripted.calls("/stuck/accident"))


@pytest.mark.parametrize(
    ("program", "job_type"),
    [("scheduler", "SchedulerJob"), ("dag-processor", "DagProcessorJob"), ("api-server", None)],
)
def test_a_request_between_two_actions_survives(
    accident, developer: Portal, stack: RunningStack, scripted: ScriptedTarget, program, job_type
):
    """With the first action under way the process dies; the second one runs all the same, and each runs once."""
    release = scripted.hold(f"/steps/{program}")
    request_id = developer.submit("survivor-steps", program)
    wait_for(lambda: scripted.calls(f"/steps/{program}"), "the first action has begun")

    before = stack.heartbeats(job_type) if job_type else set()
    stack.kill(program)
    release.set()
    stack.wait_until_ready()
    if job_type:
        wait_for(lambda: stack.heartbeats(job_type) - before, f"another {program} has started")

    assert "completed" == developer.ended(request_id)["status"]
    assert (1, 1) == (
        len(scripted.calls(f"/steps/{program}")),
        len(scripted.calls(f"/steps-after/{program}")),
    )
