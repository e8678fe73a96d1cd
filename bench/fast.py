"""Measures one request of three instant actions, idle: beside hand-written DAGs, and on Airflow's own triggerer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from bench.contenders import CONTENDERS, HANDWRITTEN, ITEM, OURS, STOCK, Turns
from bench.figures import Row, Target, row
from bench.measure import ratio
from bench.stack import MeasuredStack
from bench.steps import Steps, StepTimes, run_once

TURNS = 2
"""How often each triggerer has its turn."""
SLOWER = 4
"""On Airflow's own triggerer, where a run takes nine seconds, every fourth round is run."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Fast:
    """By the names of the ways."""

    ways: dict[str, StepTimes]

    @property
    def times_faster(self) -> float | None:
        """The best hand-written DAG's median as a multiple of ours."""
        return ratio(min(self.ways[name].whole.p50 for name in HANDWRITTEN), self.ways[ITEM.name].whole.p50)

    def rows(self) -> Iterator[Row]:
        """Three lines a way."""
        for name, times in self.ways.items():
            yield row(f"three calls, idle: {name}", times.whole)
            yield row(f"until the first call: {name}", times.first)
            yield row(f"added between calls: {name}", times.added)

    def targets(self) -> Iterator[Target]:
        """Of the item on our triggerer."""
        ours = self.ways[ITEM.name]
        yield Target(name="three actions, idle: p50", measured=ours.whole.p50, limit=300, unit="ms")
        yield Target(name="three actions, idle: p95", measured=ours.whole.p95, limit=500, unit="ms")
        name = "three actions, idle: faster than the best hand-written"
        yield Target(name=name, measured=self.times_faster, limit=4, unit="x", at_least=True)
        yield Target(name="added by an action, idle: p50", measured=ours.added.p50, limit=60, unit="ms")


def measure_fast(stack: MeasuredStack, rounds: int) -> Fast:
    """So many rounds of each way in turn, and a quarter of them on Airflow's own triggerer."""
    found: defaultdict[str, list[Steps]] = defaultdict(list)
    with stack.database() as ask:
        turns = Turns(stack, ask)
        for _ in range(TURNS):
            for triggerer, times in ((OURS, rounds), (STOCK, rounds // SLOWER)):
                ways = [each for each in CONTENDERS if each.triggerer == triggerer]
                turns.take(triggerer)
                # The first round meets processes that have yet to import and connect.
                for number in range(1 + max(1, times // TURNS)):
                    for way in ways:
                        steps = run_once(stack, ask, way)
                        if number:
                            found[way.name].append(steps)
        turns.take(OURS)
    return Fast(ways={each.name: StepTimes.of(found[each.name]) for each in CONTENDERS})
