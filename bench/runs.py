"""When runs have ended: one at a time, or many at once; told by queries of the database that are the same for all."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bench.calls import Caller
from bench.measure import per_minute
from bench.submission import submit_all
from bench.ways import Way

Ask = Callable[..., list[tuple[Any, ...]]]
"""Answers a query with its values."""
LOOK_EVERY = 0.005
"""Seconds between two looks at one run; the measured time is that much too long at most."""
COUNT_EVERY = 0.5
"""Seconds between two looks at many runs."""
ONE_TIMEOUT = 300.0
"""Seconds until a single run counts as lost."""
STATE = "SELECT state FROM dag_run WHERE dag_id = %s AND run_id = %s"
OPEN = "SELECT count(*) FROM dag_run WHERE dag_id = %s AND state IN ('queued', 'running')"
ENDED = """
SELECT count(*) FILTER (WHERE state = 'success'), count(*) FILTER (WHERE state = 'failed')
FROM dag_run WHERE dag_id = %s AND queued_at >= %s
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Burst:
    """Runs that were all submitted at once."""

    runs: int
    completed: int
    """Fewer than `runs` where some failed, or where the time was up."""
    failed: int
    seconds: float
    """From the first submission until the last run had ended, or the time was up."""

    @property
    def per_minute(self) -> float:
        """The rate of what was completed."""
        return per_minute(self.completed, self.seconds)

    @property
    def per_second(self) -> float:
        """The same by the second."""
        return round(self.per_minute / 60, 2)

    @property
    def at_most_per_minute(self) -> float:
        """The rate if all that was open when the time was up had completed at that moment."""
        return per_minute(self.runs - self.failed, self.seconds)

    @property
    def count(self) -> str:
        """How many completed, and of how many where those are not all."""
        return str(self.runs) if self.completed == self.runs else f"{self.completed} of {self.runs}"


def one(ask: Ask, way: Way, caller: Caller) -> tuple[float, float]:
    """One run: when it was submitted, by the monotonic clock, and the seconds until it had ended.

    It has ended when the database has it so; where the API does not say the same right then, when it does, within a
    look. Raises `RunFailedError` and `TimeoutError`.
    """
    started = time.monotonic()
    run, _ = way.start(caller)
    while ask(STATE, way.dag_id, run) not in ([("success",)], [("failed",)]):
        _give_up(started, run)
        time.sleep(LOOK_EVERY)
    seconds = time.monotonic() - started
    while not way.is_over(caller, run):
        _give_up(started, run)
        time.sleep(LOOK_EVERY)
        seconds = time.monotonic() - started
    return started, seconds


@dataclass(frozen=True, kw_only=True, slots=True)
class Begun:
    """A moment, by two clocks."""

    at: dt.datetime
    """The database's."""
    clock: float
    """The one that seconds are taken from."""

    @classmethod
    def now(cls, ask: Ask) -> Begun:
        """The present moment."""
        ((at,),) = ask("SELECT now()")
        return cls(at=at, clock=time.perf_counter())

    def until_ended(self, ask: Ask, way: Way, runs: int, timeout: float) -> Burst:
        """Count the runs that were submitted since until so many have ended, or the time is up."""
        while True:
            ((completed, failed),) = ask(ENDED, way.dag_id, self.at)
            elapsed = time.perf_counter() - self.clock
            if completed + failed >= runs or elapsed > timeout:
                return Burst(runs=runs, completed=completed, failed=failed, seconds=round(elapsed, 1))
            time.sleep(COUNT_EVERY)


def burst(ask: Ask, way: Way, *, runs: int, clients: int, timeout: float) -> Burst:
    """Submit all at once, and count what has ended until all has, or `timeout` seconds have passed."""
    begun = Begun.now(ask)
    submit_all(way, clients, runs)
    return begun.until_ended(ask, way, runs, timeout)


def wait_until_quiet(ask: Ask, way: Way, timeout: float) -> None:
    """Let what was submitted run to its end; raises `TimeoutError`."""
    deadline = time.monotonic() + timeout
    while ask(OPEN, way.dag_id) != [(0,)]:
        if time.monotonic() > deadline:
            raise TimeoutError(f"after {timeout:.0f} s there still are runs of {way.dag_id} that have not ended")
        time.sleep(COUNT_EVERY)


def _give_up(started: float, run: str) -> None:
    if time.monotonic() - started > ONE_TIMEOUT:
        raise TimeoutError(f"run {run} did not end within {ONE_TIMEOUT:.0f} s")
