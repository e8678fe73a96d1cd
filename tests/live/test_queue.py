"""A queue on the real stack: one user's thousand requests and another's one, through the death of the API server."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest

from tests.live.catalog_repository import LiveCatalog
from tests.live.conftest import AT_A_TIME
from tests.live.items import PATIENT, item, scripted_call
from tests.live.portal import Portal
from tests.live.running_stack import RunningStack
from tests.live.scripted_target import ScriptedTarget
from tests.live.waiting import wait_for


def flooded(version: str, path: str) -> dict[str, Any]:
    """The item at a version, which calls that path and is patient with held answers."""
    return item("queue-flood", scripted_call("work", path, retry=PATIENT, timeout=300), version=version)


ITEMS = (flooded("1.0.0", "/queue-flood"),)
MANY = 1000
CLIENTS = 16
"""Of the one who orders them."""
FIRST = range(AT_A_TIME)
"""Those that take all places, and keep them until the others wait."""
LATER = range(MANY // 10, MANY // 10 + AT_A_TIME)
"""Those that keep all places again after a tenth."""
ALL_WAIT = MANY + 2 - AT_A_TIME
"""So many wait when the last one is ordered: all but the first ones."""
WITHIN = 600.0
"""Seconds for all of them, with the start of another API server in between."""


@dataclass(frozen=True, kw_only=True)
class Flood:
    """What was seen of it."""

    ids: Sequence[str]
    lone: str
    positions: Sequence[dict[str, Any]]
    """What the last of the many was told of its place."""


@pytest.fixture(scope="module")
def flood(
    developer: Portal, portals: dict[str, Portal], stack: RunningStack, catalog: LiveCatalog, scripted: ScriptedTarget
) -> Flood:
    """The developer orders many at once, a colleague one after them.

    A tenth on, the item is changed, and then the API server dies. Answers are held to make it the same story on any
    machine.
    """
    held = {number: scripted.hold(call_of(number)) for number in (*FIRST, *LATER)}

    def order(number: int) -> str:
        return developer.submit("queue-flood", f"n-{number}")

    def at_work(numbers: range) -> bool:
        return all(scripted.calls(call_of(number)) for number in numbers)

    ids = [order(number) for number in FIRST]
    wait_for(lambda: at_work(FIRST), "the first ones have taken all places")
    with ThreadPoolExecutor(CLIENTS) as pool:
        ids += pool.map(order, range(len(FIRST), MANY))
    ids.append(order(MANY))
    lone = portals["colleague"].submit("queue-flood", "lone")
    positions: list[dict[str, Any]] = []

    def told() -> int:
        """How many places the last one was told by now, from when all wait."""
        place = developer.get(f"/requests/{ids[-1]}/status")["queue"]
        if place and (positions or place["length"] == ALL_WAIT) and place not in positions:
            positions.append(place)
        return len(positions)

    wait_for(told, "the last one is told of all that wait")
    held[0].set()
    portals["colleague"].ended(lone)
    for event in [held[number] for number in FIRST]:
        event.set()
    wait_for(lambda: told() > 1 and at_work(LATER), "a tenth of them has ended", WITHIN)
    catalog.publish(flooded("1.0.1", "/queue-flood-changed"))
    for event in held.values():
        event.set()
    stack.kill("api-server")
    stack.wait_until_ready()
    wait_for(lambda: len(ended(stack)) == MANY + 2, "all have ended", WITHIN)
    return Flood(ids=ids, lone=lone, positions=positions)


def call_of(number: int) -> str:
    """Where one of the many calls."""
    return f"/queue-flood/n-{number}"


def ended(stack: RunningStack) -> list[tuple[str]]:
    """The runs that are over, as Airflow knows them: who asks the API helps it along."""
    return stack.rows("SELECT run_id FROM dag_run WHERE dag_id = 'default.queue-flood' AND state = 'success'")


def test_one_request_is_not_held_up_by_many(flood: Flood, stack: RunningStack):
    """It comes next, though all of them came before."""
    before = (
        "SELECT count(*) FROM dag_run WHERE dag_id = 'default.queue-flood' "
        "AND run_after < (SELECT run_after FROM dag_run WHERE run_id = %s)"
    )
    assert [(AT_A_TIME,)] == stack.rows(before, flood.lone)


def test_the_last_one_is_told_how_it_comes_closer(flood: Flood):
    """Its place only falls, from behind all the others."""
    places = [place["position"] for place in flood.positions]

    assert ALL_WAIT == places[0] > places[-1]
    assert sorted(places, reverse=True) == places
    assert {"item"} == {place["limit"] for place in flood.positions}


def test_every_request_completes_once(flood: Flood, developer: Portal, scripted: ScriptedTarget):
    """As it was when it was ordered, though the process that lets them start was killed."""
    assert {"completed"} == {developer.request(each)["status"] for each in flood.ids[:: MANY // 20]}
    assert [1] * (MANY + 1) == [len(scripted.calls(call_of(number))) for number in range(MANY + 1)]


def test_never_more_run_than_may(flood: Flood, stack: RunningStack):
    """From when one was let start to its end."""
    spans = stack.rows("SELECT run_after, end_date FROM dag_run WHERE dag_id = 'default.queue-flood'")
    # Where one ends at the moment at which another starts, the end comes first.
    moments = sorted([(start, 1) for start, _ in spans] + [(end, -1) for _, end in spans])
    most = running = 0
    for _, step in moments:
        running += step
        most = max(most, running)

    assert MANY + 2 == len(spans)
    assert AT_A_TIME == most
