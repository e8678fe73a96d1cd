"""Measures the rate of many requests of three instant actions at once, beside hand-written DAGs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bench.contenders import CONTENDERS, ITEM, ON_WORKERS, OURS, Turns
from bench.figures import Row, Target, bare_row
from bench.measure import ratio
from bench.runs import Burst, burst
from bench.stack import MeasuredStack

CLIENTS = 50
ACTIONS = 3
FEWER = 10
"""The other ways get a tenth of the runs: their rate is what is compared."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Flood:
    """By the names of the ways."""

    ways: dict[str, Burst]

    @property
    def ratio(self) -> float | None:
        """Our rate as a multiple of the DAG's on workers, at most what that could be."""
        return ratio(self.ways[ITEM.name].per_minute, self.ways[ON_WORKERS.name].at_most_per_minute)

    def rows(self) -> Iterator[Row]:
        """A line a way."""
        for name, each in self.ways.items():
            rates = f"{each.per_second:g} runs/s, {each.per_second * ACTIONS:.1f} calls/s"
            yield bare_row(f"many at once: {name}", each.count, each.seconds * 1000, rates)

    def targets(self) -> Iterator[Target]:
        """All complete, at a rate."""
        ours = self.ways[ITEM.name]
        name = f"{ours.runs} of three actions at once"
        yield Target(name=f"{name}: completed", measured=ours.completed, limit=ours.runs, at_least=True)
        yield Target(name=f"{name}: requests a second", measured=ours.per_second, limit=15, at_least=True)
        name = f"{name}: rate beside the DAG on workers"
        yield Target(name=name, measured=self.ratio, limit=15, unit="x", at_least=True)


def measure_flood(stack: MeasuredStack, runs: int, timeout: float) -> Flood:
    """So many of the item's at once, and a tenth of them of each other way."""
    found = {}
    with stack.database() as ask:
        turns = Turns(stack, ask)
        for each in CONTENDERS:
            some = runs if each is ITEM else max(1, runs // FEWER)
            turns.take(each.triggerer)
            way = each.way(stack, "flood")
            found[each.name] = burst(ask, way, runs=some, clients=CLIENTS, timeout=timeout)
        turns.take(OURS)
    return Flood(ways=found)
