"""Measures whether a request takes longer the more requests there have been."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

from bench.contenders import ITEM
from bench.figures import Row, Target, bare_row, row
from bench.measure import per_minute, ratio
from bench.runs import Ask, wait_until_quiet
from bench.stack import MeasuredStack
from bench.steps import StepTimes, run_often
from bench.submission import submit_all

STAGES = (50, 5, 2, 1)
"""What of the last number of requests there are at each stage: a fiftieth first."""
CLIENTS = 20
TIMEOUT = 1800.0
"""Seconds until what was submitted for a stage counts as lost."""
COUNT = "SELECT count(*) FROM pao.request"


@dataclass(frozen=True, kw_only=True, slots=True)
class Stage:
    """With so many requests in the database."""

    requests: int
    times: StepTimes
    per_minute: float
    """The rate at which those completed that were submitted at once since the stage before; 0 where there were none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Growth:
    """From few requests to many."""

    stages: tuple[Stage, ...]

    def rows(self) -> Iterator[Row]:
        """A line a stage."""
        for stage in self.stages:
            yield row(f"three actions after {stage.requests} requests", stage.times.whole)
            yield bare_row(f"rate up to {stage.requests} requests", more=f"{stage.per_minute:g}/min")

    def targets(self) -> Iterator[Target]:
        """The last beside the first."""
        first, last = self.stages[0], self.stages[-1]
        measured = ratio(last.times.whole.p50, first.times.whole.p50)
        name = f"three actions after {last.requests} requests: p50 beside {first.requests}"
        yield Target(name=name, measured=measured, limit=1.2, unit="x")


def measure_growth(stack: MeasuredStack, requests: int, alone: int) -> Growth:
    """Complete requests until there are so many, and measure `alone`, one at a time, at each stage."""
    with stack.database() as ask:
        return Growth(stages=tuple(_stage(stack, ask, requests // part, alone) for part in STAGES))


def _stage(stack: MeasuredStack, ask: Ask, wanted: int, alone: int) -> Stage:
    way = ITEM.way(stack, "growth")
    ((there,),) = ask(COUNT)
    missing = max(0, wanted - there)
    started = time.perf_counter()
    submit_all(way, CLIENTS, missing)
    wait_until_quiet(ask, way, TIMEOUT)
    elapsed = time.perf_counter() - started
    times = run_often(stack, ask, ITEM, alone)
    return Stage(requests=there + missing, times=times, per_minute=per_minute(missing, elapsed))
