"""Measures how long the three calls take from the submission to the end: alone, and 200 at once."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Sequence
from dataclasses import dataclass

from bench.calls import Caller
from bench.measure import Spread, per_minute, spread
from bench.submission import submit_all
from bench.ways import Ordered, Way

LOOK_EVERY = 0.05
"""Seconds between two looks at one run; the measured time is that much too long at most."""
COUNT_EVERY = 1.0
"""Seconds between two looks at many runs, which cost more."""
QUIET_EVERY = 5.0
"""Seconds between two looks whether anything is left: looking brings requests up to date, which slows what is left."""
ONE_TIMEOUT = 300.0
"""Seconds until a single run counts as lost."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Burst:
    """Runs that were all submitted at once."""

    runs: int
    completed: int
    """Fewer than `runs` where some failed, or where the time was up."""
    failed: int
    seconds: float
    """From the first submission until the last run was seen ended, or the time was up."""

    @property
    def per_minute(self) -> float:
        """The rate of what was completed."""
        return per_minute(self.completed, self.seconds)

    @property
    def at_most_per_minute(self) -> float:
        """The rate if all that was open when the time was up had completed at that moment."""
        return per_minute(self.runs - self.failed, self.seconds)


def measure_idle(ways: Sequence[Way], rounds: int) -> list[Spread]:
    """One run at a time, the ways in turn, so that what else the machine does hits all of them alike."""
    seconds: list[list[float]] = [[] for _ in ways]
    for number in range(rounds + 1):
        for way, times in zip(ways, seconds, strict=True):
            with way.account.connected() as caller:
                taken = one(way, caller)
            # The first round meets processes that have yet to import and connect.
            if number:
                times.append(taken)
    return [spread(times) for times in seconds]


def measure_burst(way: Way, runs: int, clients: int, timeout: float) -> Burst:
    """Submit all at once, and count what has ended until all has, or `timeout` seconds have passed."""
    since = dt.datetime.now(dt.UTC).isoformat()
    started = time.perf_counter()
    submit_all(way, clients, runs)
    with way.account.connected() as caller:
        while True:
            found = way.progress(caller, since)
            elapsed = time.perf_counter() - started
            if found.succeeded + found.failed >= runs or elapsed > timeout:
                break
            time.sleep(COUNT_EVERY)
    return Burst(runs=runs, completed=found.succeeded, failed=found.failed, seconds=round(elapsed, 1))


def wait_until_quiet(way: Ordered, timeout: float) -> None:
    """Let what was submitted run to its end; raises `TimeoutError`."""
    deadline = time.monotonic() + timeout
    with way.account.connected() as caller:
        while not way.is_quiet(caller):
            if time.monotonic() > deadline:
                raise TimeoutError(f"after {timeout:.0f} s there still are requests that have not ended")
            time.sleep(QUIET_EVERY)


def one(way: Way, caller: Caller) -> float:
    """Seconds of one run, from its start to its end; raises `TimeoutError`."""
    started = time.perf_counter()
    run, _ = way.start(caller)
    while not way.is_over(caller, run):
        if time.perf_counter() - started > ONE_TIMEOUT:
            raise TimeoutError(f"run {run} did not end within {ONE_TIMEOUT:.0f} s")
        time.sleep(LOOK_EVERY)
    return time.perf_counter() - started
