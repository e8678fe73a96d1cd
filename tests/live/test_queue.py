"""A queue on the real stack: one user's many requests and another's one, through the death of the API server."""

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
    """The item at a version, which calls that path."""
    return item("queue-flood", scripted_call("work", path, retry=PATIENT), version=version)


ITEMS = (flooded("1.0.0", "/queue-flood"),)
MANY = 120
WITHIN = 240.0
"""Seconds for all of them, with the start of another API server in between."""


@dataclass(frozen=True, kw_only=True)
class Flood:
    """What was seen of it."""

    ids: Sequence[str]
    lone: str
    ended_before_lone: int
    """How many of the many had ended when the one did."""
    positions: Sequence[dict[str, Any]]
    """What the last of the many was told of its place."""


@pytest.fixture(scope="module")
def flood(developer: Portal, portals: dict[str, Portal], stack: RunningStack, catalog: LiveCatalog) -> Flood:
    """The developer orders many at once, a colleague one after them.

    While they wait the item is changed, and in the middle the API server dies.
    """
    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(lambda number: developer.submit("queue-flood", f"n-{number}"), range(MANY)))
    last = developer.submit("queue-flood", f"n-{MANY}")
    lone = portals["colleague"].submit("queue-flood", "lone")
    positions = []

    def look() -> bool:
        place = developer.get(f"/requests/{last}/status")["queue"]
        if place and (not positions or place != positions[-1]):
            positions.append(place)
        return bool(portals["colleague"].get(f"/requests/{lone}/status")["status"] == "completed")

    wait_for(look, "the colleague's request has ended")
    before = len(ended(stack)) - 1
    catalog.publish(flooded("1.0.1", "/queue-flood-changed"))
    wait_for(lambda: look() and len(ended(stack)) > MANY / 3, "a third of them has ended", WITHIN)
    stack.kill("api-server")
    stack.wait_until_ready()
    wait_for(lambda: len(ended(stack)) == MANY + 2, "all have ended", WITHIN)
    return Flood(ids=[*ids, last], lone=lone, ended_before_lone=before, positions=positions)


def ended(stack: RunningStack) -> list[tuple[str]]:
    """The runs that are over, as Airflow knows them: who asks the API helps it along."""
    return stack.rows("SELECT run_id FROM dag_run WHERE dag_id = 'default.queue-flood' AND state = 'success'")


def test_one_request_is_not_held_up_by_many(flood: Flood):
    """It comes next but a few, though all of them came before."""
    assert flood.ended_before_lone < MANY / 4


def test_the_last_one_is_told_how_it_comes_closer(flood: Flood):
    """Its place only falls: the colleague's request came before it was first told one."""
    places = [place["position"] for place in flood.positions]

    assert len(places) > 3
    assert sorted(places, reverse=True) == places
    assert {"item"} == {place["limit"] for place in flood.positions}


def test_every_request_completes_once(flood: Flood, developer: Portal, scripted: ScriptedTarget):
    """As it was when it was ordered, though the process that lets them start was killed."""
    assert {"completed"} == {developer.request(each)["status"] for each in flood.ids[:: MANY // 10]}
    assert [1] * (MANY + 1) == [len(scripted.calls(f"/queue-flood/n-{number}")) for number in range(MANY + 1)]


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
