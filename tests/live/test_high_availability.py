"""Two triggerers and two schedulers: three of the four are killed in turn, in the middle of 500 requests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from tests.live.catalog_repository import LiveCatalog
from tests.live.items import Part, item, scripted_call, undo
from tests.live.portal import Answer, Portal
from tests.live.running_stack import RunningStack
from tests.live.scripted_target import Reply, ScriptedTarget
from tests.live.waiting import wait_for

STEADFAST = {"attempts": 10, "delay": 0.2, "max_delay": 2}
"""What survives the death of its triggerer, also twice."""
BUSY, READY, REFUSED = Reply(body='{"state": "busy"}'), Reply(body='{"state": "ready"}'), Reply(status=422)
CLIENTS = 10


def step(item_id: str, name: str, **more: object) -> Part:
    """An action whose calls are told apart from those of all others."""
    return scripted_call(name, f"/{item_id}-{name}", retry=STEADFAST, **more)


def undone(item_id: str, name: str) -> Part:
    """An action with what undoes it."""
    return step(item_id, name, rollback=undo(scripted_call("undo", f"/{item_id}-undo-{name}", "DELETE")))


WAITS = step("ha-waits", "ask")
WAITS["config"]["poll"] = {
    "url": "{{env.SCRIPTED_URL}}/ha-waits-looks/{{fields.name}}",
    "interval": 3,
    "until": {"path": "$.state", "equals": "ready"},
}
ITEMS = (
    item("ha-chain", *(step("ha-chain", name) for name in ("one", "two", "three"))),
    item(
        "ha-beside",
        step("ha-beside", "left", depends_on=[]),
        step("ha-beside", "right", depends_on=[]),
        step("ha-beside", "joined", depends_on=["left", "right"]),
    ),
    item("ha-waits", WAITS, step("ha-waits", "two"), step("ha-waits", "three")),
    item(
        "ha-fails",
        undone("ha-fails", "one"),
        undone("ha-fails", "two"),
        step("ha-fails", "refused"),
    ),
)
"""What is ordered: instant steps, steps side by side, one that waits until all has died, one that is undone."""
ORDERS: Mapping[str, Sequence[Sequence[str]]] = {
    "ha-chain": [("one", "two", "three")],
    "ha-beside": [("left", "right", "joined"), ("right", "left", "joined")],
    "ha-waits": [("ask", "two", "three")],
    "ha-fails": [("one", "two", "refused", "undo-two", "undo-one")],
}
"""The effects of each, in the orders in which they may come."""
WELL = ("submitted", "validated", "queued", "in_progress", "completed")
UNDONE = ("submitted", "validated", "queued", "in_progress", "rolling_back", "rolled_back")
WAVES: Sequence[Mapping[str, int]] = (
    {"ha-chain": 100, "ha-beside": 35, "ha-waits": 35, "ha-fails": 20},
    {"ha-chain": 90, "ha-beside": 35, "ha-waits": 20, "ha-fails": 10},
    {"ha-chain": 90, "ha-beside": 35, "ha-waits": 20, "ha-fails": 10},
)
"""How many of each are ordered before each death: 500."""
BEGUN = 30
"""So many of a wave have ended when somebody dies."""
WITHIN = 240.0
"""Seconds for all of them on a slow machine."""
DEADLOCK = "deadlock detected"
"""What PostgreSQL writes of one."""


@dataclass(frozen=True, kw_only=True)
class Crowd:
    """What became of the requests, each by its name."""

    items: Mapping[str, str]
    """What was ordered."""
    ended: Mapping[str, Answer]
    database_wrote: str
    """To its log meanwhile."""


@dataclass(kw_only=True)
class Ordering:
    """Orders in waves, by several clients."""

    developer: Portal
    stack: RunningStack
    scripted: ScriptedTarget

    def wave(self, number: int) -> dict[str, str]:
        """Order one, and return in the middle of it: the ids by name."""
        kinds = Counter(WAVES[number])
        names = []
        while kinds.total():
            # Evenly mixed: of that kind of which most are left.
            kind = max(kinds, key=lambda each: kinds[each] / WAVES[number][each])
            kinds[kind] -= 1
            names.append(f"{kind}.{number}-{kinds[kind]}")
        before = self.ended()
        with ThreadPoolExecutor(CLIENTS) as pool:
            ids = dict(zip(names, pool.map(self._order, names), strict=True))
        wait_for(lambda: self.ended() - before > BEGUN, "some of the wave have ended", WITHIN)
        return ids

    def _order(self, name: str) -> str:
        kind = name.partition(".")[0]
        if kind == "ha-waits":
            self.scripted.script(f"/ha-waits-looks/{name}", BUSY)
        if kind == "ha-fails":
            self.scripted.script(f"/ha-fails-refused/{name}", REFUSED)
        return self.developer.submit(kind, name)

    def ended(self) -> int:
        """How many have ended, as Airflow knows them: who asks the API helps them along."""
        return self.stack.rows(
            "SELECT count(*) FROM dag_run WHERE dag_id = ANY(%s) AND state IN ('success', 'failed')",
            [f"default.{kind}" for kind in ORDERS],
        )[0][0]


@pytest.fixture(scope="module")
def crowd(developer: Portal, stack: RunningStack, catalog: LiveCatalog, scripted: ScriptedTarget) -> Crowd:
    """All of them have ended, though a triggerer, a scheduler and the other triggerer died meanwhile."""
    log = stack.settings.database / "log"
    wrote_before = len(log.read_bytes())
    ordering = Ordering(developer=developer, stack=stack, scripted=scripted)
    with (
        stack.another("scheduler", "airflow", "scheduler", "--skip-serve-logs"),
        stack.another("triggerer", stack.settings.daemons.triggerers[0], "triggerer", "--skip-serve-logs") as triggerer,
    ):
        for job in ("SchedulerJob", "TriggererJob"):
            wait_for(lambda job=job: len(stack.heartbeats(job)) > 1, f"there are two of {job}")
        ids = ordering.wave(0)
        before = stack.heartbeats("TriggererJob")
        stack.kill("triggerer")
        ids |= ordering.wave(1)
        stack.kill("scheduler")
        wait_for(lambda: stack.heartbeats("TriggererJob") - before, "the triggerer has started again")
        ids |= ordering.wave(2)
        # Its runner is left to itself, and must end by itself.
        triggerer.kill()
        for name in ids:
            scripted.script(f"/ha-waits-looks/{name}", READY)
        wait_for(lambda: ordering.ended() == len(ids), "all have ended", WITHIN)
        with ThreadPoolExecutor(CLIENTS) as pool:
            ended = dict(zip(ids, pool.map(developer.ended, ids.values()), strict=True))
    return Crowd(
        items={name: name.partition(".")[0] for name in ids},
        ended=ended,
        database_wrote=log.read_bytes()[wrote_before:].decode(errors="replace"),
    )


def test_every_request_ends_right(crowd: Crowd):
    """Each action at its first try that counts: no death is a failure."""
    told = {
        name: (request["status"], [action["status"] for action in request["actions"]])
        for name, request in crowd.ended.items()
    }

    assert {
        name: ("rolled_back", ["rolled_back", "rolled_back", "failed"])
        if item_id == "ha-fails"
        else ("completed", ["completed"] * 3)
        for name, item_id in crowd.items.items()
    } == told


def test_every_effect_is_there_once_and_in_order(crowd: Crowd, scripted: ScriptedTarget):
    """At a target that knows what it was told before: each call that is repeated comes under the same key."""
    seen = {name: effects(scripted, item_id, name) for name, item_id in crowd.items.items()}

    assert {} == {name: found for name, found in seen.items() if found not in ORDERS[crowd.items[name]]}
    assert sum(map(sum, (wave.values() for wave in WAVES))) == len(seen)


def test_no_timeline_lacks_a_step(crowd: Crowd):
    """Nor does any go back."""
    told = {name: tuple(entry["status"] for entry in request["timeline"]) for name, request in crowd.ended.items()}

    assert {name: UNDONE if item_id == "ha-fails" else WELL for name, item_id in crowd.items.items()} == told


def test_each_task_was_started_once(crowd: Crowd, stack: RunningStack):
    """Airflow has nothing that it had to try again, and nothing that is left over."""
    tries = stack.rows(
        "SELECT try_number, state, count(*) FROM task_instance WHERE dag_id = ANY(%s) GROUP BY 1, 2 ORDER BY 1, 2",
        [f"default.{kind}" for kind in ORDERS],
    )
    failing = sum(item_id == "ha-fails" for item_id in crowd.items.values())

    assert [(1, "failed", failing), (1, "success", 3 * len(crowd.items) - failing)] == tries


def test_there_was_no_deadlock(crowd: Crowd):
    """PostgreSQL writes each to its log."""
    assert DEADLOCK not in crowd.database_wrote


def effects(target: ScriptedTarget, item_id: str, name: str) -> tuple[str, ...]:
    """Of one request: one for each key of a path, in the order in which they arrived first."""
    first: dict[tuple[str, str], float] = {}
    for step_ in {each for order in ORDERS[item_id] for each in order}:
        for call in target.calls(f"/{item_id}-{step_}/{name}"):
            first.setdefault((step_, call.headers["idempotency-key"]), call.at)
    return tuple(step_ for step_, _ in sorted(first, key=first.__getitem__))
