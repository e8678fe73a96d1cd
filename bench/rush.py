"""Measures a rush: a thousand requests by two hundred clients at once, while somebody reads the catalog."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from bench.calls import Account, LostCallError, UnexpectedAnswerError
from bench.figures import Row, Target, bare_row, row
from bench.measure import Spread, ratio, spread
from bench.memory import Memory, MemoryWatch
from bench.runs import Begun, Burst
from bench.stack import MeasuredStack
from bench.ways import Way

READ_EVERY = 0.1
"""Seconds between two readings of the catalog."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rush:
    """Runs that were submitted by many clients at once."""

    runs: int
    clients: int
    refused: int
    """Submissions that were answered otherwise than well, or not in two minutes."""
    submission: Spread
    """Of the calls that were answered well."""
    catalog: Spread
    """Of the readings of the catalog while clients submitted."""
    submitted: float
    """Seconds until the last submission was answered."""
    ended: Burst
    memory: dict[str, Memory]


@dataclass(frozen=True, kw_only=True, slots=True)
class Rushes:
    """The orchestrator's rush and the hand-written DAG's."""

    ours: Rush
    handwritten: Rush

    @property
    def ratio(self) -> float | None:
        """Our rate as a multiple of theirs, at most what theirs could be; above 1 is faster."""
        return ratio(self.ours.ended.per_minute, self.handwritten.ended.at_most_per_minute)

    def rows(self) -> Iterator[Row]:
        """Submission, catalog, completion, and the memory of each program, of both."""
        for name, each in (("rush", self.ours), ("hand-written, rush", self.handwritten)):
            yield row(f"{name}: submission", each.submission, f"all within {each.submitted:g} s")
            yield row(f"{name}: catalog meanwhile", each.catalog)
            ended = each.ended
            yield bare_row(f"{name}: completed", ended.count, ended.seconds * 1000, f"{ended.per_minute:g}/min")
            for program, memory in each.memory.items():
                figures = f"{memory.before:g}, {memory.peak:g}, {memory.after:g} MB"
                yield bare_row(f"{name}: memory of {program}", more=figures)

    def targets(self) -> Iterator[Target]:
        """Everyone is served, soon, and all completes."""
        ours = self.ours
        name = f"{ours.runs} by {ours.clients} at once"
        yield Target(name=f"{name}: refused", measured=ours.refused, limit=0)
        yield Target(name=f"{name}: failed", measured=ours.ended.failed, limit=0)
        yield Target(name=f"{name}: completed", measured=ours.ended.completed, limit=ours.runs, at_least=True)
        yield Target(name=f"{name}, submission: p95", measured=ours.submission.p95, limit=2000, unit="ms")
        yield Target(name=f"{name}, catalog: p95", measured=ours.catalog.p95, limit=200, unit="ms")
        yield Target(name=f"{name}: rate beside hand-written", measured=self.ratio, limit=1.2, unit="x", at_least=True)


def measure_rush(stack: MeasuredStack, way: Way, *, runs: int, clients: int, timeout: float) -> Rush:
    """Submit, read the catalog meanwhile, and look until all has ended or `timeout` seconds have passed."""
    with way.account.connected() as caller:
        way.start(caller)
    memory = MemoryWatch(stack.settings)
    with memory.watching(), stack.database() as ask:
        begun = Begun.now(ask)
        with _reading(stack.developer) as readings:
            seconds, refused = _submit(way, runs, clients)
        submitted = time.perf_counter() - begun.clock
        ended = begun.until_ended(ask, way, runs - refused, timeout)
    return Rush(
        runs=runs,
        clients=clients,
        refused=refused,
        submission=spread(seconds),
        catalog=spread(readings.seconds),
        submitted=round(submitted, 1),
        ended=ended,
        memory=memory.found(),
    )


def _submit(way: Way, runs: int, clients: int) -> tuple[list[float], int]:
    """The seconds of each submission that was accepted, and how many were not."""
    tickets = iter(range(runs))
    start = threading.Barrier(clients)

    def client() -> tuple[list[float], int]:
        seconds, refused = [], 0
        with way.account.connected() as caller:
            start.wait()
            for _ in tickets:
                try:
                    seconds.append(way.start(caller)[1])
                except UnexpectedAnswerError:
                    refused += 1
        return seconds, refused

    with ThreadPoolExecutor(clients) as pool:
        done = [future.result() for future in [pool.submit(client) for _ in range(clients)]]
    return [one for seconds, _ in done for one in seconds], sum(refused for _, refused in done)


@dataclass
class _Readings:
    seconds: list[float] = field(default_factory=list)


@contextmanager
def _reading(account: Account) -> Iterator[_Readings]:
    """Read the catalog's first page every so often while the block runs."""
    over, readings = threading.Event(), _Readings()
    thread = threading.Thread(target=_read, args=(account, over, readings.seconds.append))
    thread.start()
    try:
        yield readings
    finally:
        over.set()
        thread.join()


def _read(account: Account, over: threading.Event, take: Callable[[float], None]) -> None:
    with account.connected() as caller:
        while True:
            begun = time.perf_counter()
            # A reading that was lost took as long as somebody waited for it.
            with suppress(LostCallError):
                caller.call("GET", "/api/v1/catalog")
            take(time.perf_counter() - begun)
            if over.wait(READ_EVERY):
                return
