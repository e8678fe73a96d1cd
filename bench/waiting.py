"""Measures what many requests on slow targets at once cost, as the target sees it: when their calls arrive."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

from bench.figures import Row, Target, bare_row
from bench.measure import ratio
from bench.runs import one, wait_until_quiet
from bench.stack import MeasuredStack
from bench.submission import submit_all
from bench.ways import Ordered

SLOW = "bench-slow"
"""The item of one call that is answered after 30 seconds."""
LOOK_EVERY = 0.5
"""Seconds between two looks."""
TIMEOUT = 600.0
"""Seconds until requests that wait count as lost."""
ON_WORKERS = "SELECT count(*) FROM task_instance WHERE dag_id = %s AND state IN ('queued', 'running')"


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """Requests that waited at once."""

    requests: int
    completed: int
    worker_tasks: int
    """The most of their tasks that were seen on workers at once."""
    alone: float
    """Seconds of one request alone, to its end."""
    begun: float
    """Seconds from the first submission until the last call had arrived at its target."""
    seconds: float
    """From the first submission to the end of the last."""

    @property
    def ratio(self) -> float | None:
        """Theirs as a multiple of one alone."""
        return ratio(self.seconds, self.alone)

    def rows(self) -> Iterator[Row]:
        """One, and many."""
        yield bare_row("one on a slow target", 1, self.alone * 1000)
        count, more = f"{self.completed} of {self.requests}", f"all begun after {self.begun:g} s"
        yield bare_row("many on slow targets", count, self.seconds * 1000, more)

    def targets(self) -> Iterator[Target]:
        """All at once, and none on a worker."""
        name = f"{self.requests} waiting at once"
        yield Target(name=f"{name}: completed", measured=self.completed, limit=self.requests, at_least=True)
        yield Target(name=f"{name}: most worker tasks", measured=self.worker_tasks, limit=0)
        yield Target(name=f"{name}: time beside one alone", measured=self.ratio, limit=1.5, unit="x")


def measure_waiting(stack: MeasuredStack, requests: int, clients: int) -> Waiting:
    """One request alone, then so many submitted at once."""
    way = Ordered(stack.developer, SLOW)
    with way.account.connected() as caller, stack.database() as ask:
        _, alone = one(ask, way, caller)
        before = len(stack.recorder.calls("slow"))
        # The recorder's clock is this one too.
        started = time.monotonic()
        submit_all(way, clients, requests)
        on_workers = _watch(stack, before + requests, started)
        wait_until_quiet(ask, way, TIMEOUT)
        seconds = time.monotonic() - started
    calls = stack.recorder.calls("slow")[before:]
    return Waiting(
        requests=requests,
        completed=len(calls),
        begun=round(max((call.arrived - started for call in calls), default=0.0), 1),
        worker_tasks=on_workers,
        alone=round(alone, 1),
        seconds=round(seconds, 1),
    )


def _watch(stack: MeasuredStack, calls: int, started: float) -> int:
    """Wait until so many calls were answered; the most tasks that were on workers meanwhile."""
    most = 0
    with stack.database() as ask:
        while len(stack.recorder.calls("slow")) < calls and time.monotonic() - started < TIMEOUT:
            ((count,),) = ask(ON_WORKERS, f"default.{SLOW}")
            most = max(most, count)
            time.sleep(LOOK_EVERY)
    return most
