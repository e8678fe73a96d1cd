"""Measures what many requests cost that wait for something outside: others' time, and the processors' at rest."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bench.contenders import ITEM
from bench.cpu import CpuWatch, of_program
from bench.figures import Row, Target, bare_row, row
from bench.measure import ratio
from bench.runs import Ask
from bench.stack import MeasuredStack
from bench.steps import StepTimes, run_often
from bench.submission import submit_all
from bench.ways import Ordered

WAITING = "bench-waiting"
"""The item whose action follows work outside, looking once an hour, that never ends."""
CLIENTS = 50
PORTION = 500
"""Requests that come at once; the next come when these wait."""
LOOK_EVERY = 0.5
TIMEOUT = 120.0
"""Seconds until requests that do not come to wait count as lost."""
REST = 15.0
"""Seconds until what came with the last of them is over."""
AT_WORK = "SELECT count(*) FROM task_instance WHERE dag_id = %s AND state = 'deferred'"


@dataclass(frozen=True, kw_only=True, slots=True)
class Crowd:
    """Beside so many that wait."""

    waiting: int
    times: StepTimes
    seconds: float
    """Until the last of those that came since the crowd before had come to wait."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Crowds:
    """Beside none, and beside more and more."""

    crowds: tuple[Crowd, ...]
    idle_seconds: float
    cores: dict[str, float]
    """What each program takes beside the last crowd while nothing happens."""

    def rows(self) -> Iterator[Row]:
        """Two lines a crowd, and one a program."""
        for each in self.crowds:
            yield row(
                f"three actions beside {each.waiting} waiting", each.times.whole, f"there after {each.seconds:g} s"
            )
            yield row(f"added between calls beside {each.waiting} waiting", each.times.added)
        for name, cores in self.cores.items():
            yield bare_row(f"nothing to do, {self.crowds[-1].waiting} waiting: {name}", more=f"{cores:.1%} of a core")

    def targets(self) -> Iterator[Target]:
        """Others take as long as with nobody there, and waiting costs nothing."""
        alone, *crowds = self.crowds
        for each in crowds:
            for part, ours, idle in (("p50", each.times.whole.p50, alone.times.whole.p50),
                                     ("p50 added", each.times.added.p50, alone.times.added.p50)):  # fmt: skip
                name = f"three actions beside {each.waiting} waiting, {part}: beside idle"
                yield Target(name=name, measured=ratio(ours, idle), limit=1.5, unit="x")
        # The scheduler's workers run the platform's own DAGs, as they would on other machines.
        for name, cores in (("scheduler", self.cores["scheduler"]), ("triggerer", of_program(self.cores, "triggerer"))):
            words = f"{self.crowds[-1].waiting} waiting, nothing to do: {name}"
            yield Target(name=words, measured=round(100 * cores, 1), limit=10, unit="% of a core")


def measure_crowds(stack: MeasuredStack, sizes: Sequence[int], alone: int, idle_seconds: float) -> Crowds:
    """Let more and more requests wait, run others one at a time beside them, and look at the processors for so long."""
    with stack.database() as ask:
        crowds = [_beside(stack, ask, size, alone) for size in (0, *sorted(sizes))]
        time.sleep(REST)
        cpu = CpuWatch(stack.settings)
        time.sleep(idle_seconds)
        return Crowds(crowds=tuple(crowds), idle_seconds=idle_seconds, cores=cpu.cores())


def _beside(stack: MeasuredStack, ask: Ask, size: int, alone: int) -> Crowd:
    way = Ordered(stack.developer, WAITING, "waiting")
    started = time.monotonic()
    for there in range(stack.recorder.count("wait"), size, PORTION):
        wanted = min(there + PORTION, size)
        submit_all(way, CLIENTS, wanted - there)
        _wait_until_there(stack, ask, way, wanted)
    seconds = time.monotonic() - started
    if size:
        time.sleep(REST)
    return Crowd(waiting=size, times=run_often(stack, ask, ITEM, alone), seconds=round(seconds, 1))


def _wait_until_there(stack: MeasuredStack, ask: Ask, way: Ordered, wanted: int) -> None:
    until = time.monotonic() + TIMEOUT
    while stack.recorder.count("wait") < wanted or ask(AT_WORK, way.dag_id) != [(wanted,)]:
        if time.monotonic() > until:
            raise TimeoutError(f"{stack.recorder.count('wait')} of {wanted} requests wait after {TIMEOUT:.0f} s")
        time.sleep(LOOK_EVERY)
