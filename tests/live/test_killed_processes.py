"""Processes are killed, the database crashes and a target is away, all amid requests, which end right all the same.

A worker is killed in `test_execution` and `test_terraform`.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from tests.live.example_target import ExampleTarget
from tests.live.followed_work import READY, begin, followed_call
from tests.live.items import PATIENT, call, database, dns, item, scripted_call, undo
from tests.live.portal import Portal
from tests.live.running_stack import RunningStack
from tests.live.scripted_target import ScriptedTarget
from tests.live.waiting import wait_for

STEPS = ("first", "second", "third")
STEADFAST = {"attempts": 10, "delay": 2, "max_delay": 20}
"""What survives a minute's outage."""

ITEMS = (
    item("survivor-target", database(), dns()),
    item("survivor-safe", scripted_call("held", "/safe", retry=PATIENT), scripted_call("after", "/safe-after")),
    item(
        "survivor-unsafe",
        scripted_call("held", "/unsafe", rollback=undo(scripted_call("undo", "/unsafe-undo", "DELETE"))),
    ),
    item("survivor-stuck", scripted_call("held", "/stuck")),
    item("survivor-followed", followed_call("make", "survivor-followed")),
    item("survivor-steps", *(scripted_call(name, f"/steps-{name}", retry=PATIENT) for name in STEPS)),
    item(
        "survivor-outage",
        call("first", "POST", "{{env.AILING_URL}}/outage-first/{{fields.name}}", retry=STEADFAST),
        call("second", "POST", "{{env.AILING_URL}}/outage-second/{{fields.name}}", retry=STEADFAST),
    ),
)
OPERATION = "operation-with-a-signature-77"
"""What the link to followed work holds."""
MANY = 8
"""Requests that are under way at each accident: half of them between two actions, half in the middle of one."""
AWAY_SECONDS = 60.0
"""For so long a target refuses every connection."""
RECOVERY_SECONDS = 150
"""What may pass until a dead triggerer's work goes on: noticing that it is dead, and the start of the next one."""


@dataclass(frozen=True, kw_only=True)
class Accident:
    """Requests whose triggerer was killed while each had a call under way, or its work was followed."""

    ids: Mapping[str, str]
    many: Mapping[str, str]
    looks: str
    """The path at which the work is looked at that is followed."""


@pytest.fixture(scope="module")
def outage(developer: Portal, stack: RunningStack, ailing: ScriptedTarget) -> Iterator[Mapping[str, str]]:
    """Requests by name that meet a target that is away, and comes back after a minute, whatever dies meanwhile."""
    with ExitStack() as exits:
        exits.enter_context(ailing.away())
        ids = {name: developer.submit("survivor-outage", name) for name in (f"outage-{n}" for n in range(MANY))}
        back = threading.Timer(AWAY_SECONDS, exits.close)
        back.start()
        yield ids
        back.join()


@pytest.fixture(scope="module")
def accident(
    outage, developer: Portal, stack: RunningStack, scripted: ScriptedTarget, target: ExampleTarget
) -> Accident:
    """Requests whose work is followed, or whose call is at its target, and many more; then the triggerer dies."""
    many, held_steps = under_way(developer, scripted, "triggerer")
    followed, looks = begin(developer, scripted, "survivor-followed", "accident", OPERATION)
    wait_for(lambda: developer.action(followed, "make")["status"] == "waiting", "the action says that it waits")
    held = {name: scripted.hold(f"/{name}/accident") for name in ("safe", "unsafe", "stuck")}
    target.fault(method="POST", path="/v1/databases", delay=3)
    ids = {name: developer.submit(f"survivor-{name}", "accident") for name in ("target", *held)}
    for name in held:
        wait_for(lambda name=name: scripted.calls(f"/{name}/accident"), f"the call to /{name} has arrived")
    wait_for(lambda: developer.action(ids["target"], "database")["status"] == "running", "the database is being made")
    before = stack.heartbeats("TriggererJob")
    stack.kill("triggerer")
    for event in held_steps:
        event.set()
    wait_for(
        lambda: stack.heartbeats("TriggererJob") - before, "another triggerer has started", within=RECOVERY_SECONDS
    )
    return Accident(ids={**ids, "followed": followed}, many=many, looks=looks)


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


def test_work_that_is_followed_is_looked_at_again(
    accident, developer: Portal, scripted: ScriptedTarget, stack: RunningStack
):
    """The call is made once, though the triggerer dies while the work goes on; its link is nowhere in clear."""
    places = stack.places_of(OPERATION)
    seen = len(scripted.calls(accident.looks))
    wait_for(lambda: len(scripted.calls(accident.looks)) > seen, "the work is looked at again", RECOVERY_SECONDS)
    scripted.script(accident.looks, READY)

    request = developer.ended(accident.ids["followed"])

    assert ("completed", 1) == (request["status"], request["actions"][0]["attempt"])
    outputs = request["outputs"]["make"]
    assert ("db-1", "ready") == (outputs["id"], outputs["state"])
    assert 1 == len(scripted.calls("/survivor-followed/accident"))
    assert not {place for place in places if "xcom" in place}


def test_many_requests_survive_the_triggerer(accident, developer: Portal, scripted: ScriptedTarget):
    """Between two actions and in the middle of one: all end well, each effect once and in order."""
    ended = {name: developer.ended(request_id, within=RECOVERY_SECONDS) for name, request_id in accident.many.items()}

    assert dict.fromkeys(ended, "completed") == {name: request["status"] for name, request in ended.items()}
    assert dict.fromkeys(ended, STEPS) == {name: effects(scripted, "/steps", STEPS, name) for name in ended}


@pytest.mark.parametrize(
    ("program", "job_type"),
    [
        ("scheduler", "SchedulerJob"),
        ("dag-processor", "DagProcessorJob"),
        ("api-server", None),
        ("the database", None),
    ],
)
def test_many_requests_survive(
    accident, developer: Portal, stack: RunningStack, scripted: ScriptedTarget, program, job_type
):
    """Between two actions and in the middle of one, the process dies; all end well, each effect once and in order."""
    ids, held = under_way(developer, scripted, program.replace(" ", "-"))

    before = stack.heartbeats(job_type) if job_type else set()
    if program == "the database":
        stack.restart_database()
    else:
        stack.kill(program)
    for event in held:
        event.set()
    stack.wait_until_ready()
    if job_type:
        wait_for(lambda: stack.heartbeats(job_type) - before, f"another {program} has started", within=RECOVERY_SECONDS)

    ended = {name: developer.ended(request_id, within=RECOVERY_SECONDS) for name, request_id in ids.items()}
    assert dict.fromkeys(ids, "completed") == {name: request["status"] for name, request in ended.items()}
    assert dict.fromkeys(ids, STEPS) == {name: effects(scripted, "/steps", STEPS, name) for name in ids}


def test_a_target_that_was_away_for_a_minute_costs_nothing_but_time(
    outage, accident, developer: Portal, ailing: ScriptedTarget
):
    """Though the triggerer died meanwhile as well: each request completes, with each effect once and in order."""
    ended = {name: developer.ended(request_id, within=RECOVERY_SECONDS) for name, request_id in outage.items()}

    steps = ("first", "second")
    assert dict.fromkeys(ended, "completed") == {name: request["status"] for name, request in ended.items()}
    assert dict.fromkeys(ended, steps) == {name: effects(ailing, "/outage", steps, name) for name in ended}


def test_a_triggerer_that_is_told_to_end_lets_its_calls_end(developer: Portal, stack: RunningStack, scripted):
    """An orderly restart costs nothing: a call that is not safe to repeat is answered, and nothing is undone."""
    if "airflow" in stack.settings.daemons.triggerers:
        pytest.skip("Airflow's own triggerer cuts calls off, which is what is tested above")
    answer = scripted.hold("/unsafe/restart")
    request_id = developer.submit("survivor-unsafe", "restart")
    wait_for(lambda: scripted.calls("/unsafe/restart"), "its call is at the target")

    stack.tell_to_end("triggerer")
    answer.set()
    request = developer.ended(request_id, within=RECOVERY_SECONDS)

    assert "completed" == request["status"], request["error"]
    assert (1, 0) == (len(scripted.calls("/unsafe/restart")), len(scripted.calls("/unsafe-undo/restart")))


def under_way(
    developer: Portal, scripted: ScriptedTarget, accident: str
) -> tuple[dict[str, str], list[threading.Event]]:
    """Requests by name, every other of them in the middle of its second action, which goes on when its event is set."""
    names = [f"{accident}-{number}" for number in range(MANY)]
    held = {name: scripted.hold(f"/steps-second/{name}") for name in names[::2]}
    ids = {name: developer.submit("survivor-steps", name) for name in names}
    for name in held:
        wait_for(lambda name=name: scripted.calls(f"/steps-second/{name}"), f"the second action of {name} has begun")
    return ids, list(held.values())


def effects(target: ScriptedTarget, start: str, steps: tuple[str, ...], name: str) -> tuple[str, ...]:
    """The effects at a target that knows what it was told before, in their order: one for each key of a path."""
    first: dict[tuple[str, str], float] = {}
    for step in steps:
        for each in target.calls(f"{start}-{step}/{name}"):
            first.setdefault((step, each.headers["idempotency-key"]), each.at)
    return tuple(step for step, _ in sorted(first, key=first.__getitem__))
