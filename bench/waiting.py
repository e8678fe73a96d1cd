"""Measures what an action adds to its target's time: the delay until it begins, and what many that wait cost.

Both are seen from the target: when a call arrived, and when it was answered.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from itertools import pairwise

from bench.completion import one
from bench.measure import Spread, ratio, spread
from bench.recorder import Recorder
from bench.stack import MeasuredStack
from bench.submission import submit_all
from bench.ways import HANDWRITTEN_STEPS, Handwritten, Ordered, Way

STEPS, SLOW = "bench-steps", "bench-slow"
"""The items: three calls that are answered at once, and one that is answered after 30 seconds."""
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


def measure_delays(stack: MeasuredStack, rounds: int) -> tuple[Spread, Spread]:
    """From an answer to the first byte of the next call: ours, and the hand-written DAG's, run in turn."""
    ours: list[float] = []
    theirs: list[float] = []
    for number in range(rounds + 1):
        way = Ordered(stack.developer, STEPS, f"ours-{number}")
        other = Handwritten(stack.admin, HANDWRITTEN_STEPS, f"theirs-{number}")
        found = _delays(way, stack.recorder, f"ours-{number}"), _delays(other, stack.recorder, f"theirs-{number}")
        # The first round meets processes that have yet to import and connect.
        if number:
            ours += found[0]
            theirs += found[1]
    return spread(ours), spread(theirs)


def _delays(way: Way, recorder: Recorder, text: str) -> list[float]:
    with way.account.connected() as caller:
        one(way, caller)
    calls = [call for call in recorder.calls("now") if call.path.startswith(f"{text}/")]
    return [after.arrived - before.answered for before, after in pairwise(calls)]


def measure_waiting(stack: MeasuredStack, requests: int, clients: int) -> Waiting:
    """One request alone, then so many submitted at once."""
    way = Ordered(stack.developer, SLOW)
    with way.account.connected() as caller:
        alone = one(way, caller)
        before = len(stack.recorder.calls("slow"))
        # The recorder's clock is this one too.
        started = time.monotonic()
        submit_all(way, clients, requests)
        on_workers = _watch(stack, before + requests, started)
        while not way.is_quiet(caller) and time.monotonic() - started < TIMEOUT:
            time.sleep(LOOK_EVERY)
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
