"""Measures a rush: a thousand requests by two hundred clients at once, while somebody reads the catalog."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

from bench.calls import Account, UnexpectedAnswerError
from bench.measure import Spread, per_minute, spread
from bench.memory import Memory, MemoryWatch
from bench.stack import MeasuredStack
from bench.ways import Way

LOOK_EVERY = 1.0
"""Seconds between two looks at how many have ended: one query of the database, the same for both ways."""
READ_EVERY = 0.1
"""Seconds between two readings of the catalog."""
ENDED = """
SELECT count(*) FILTER (WHERE state = 'success'), count(*) FILTER (WHERE state = 'failed')
FROM dag_run WHERE dag_id = %s AND queued_at >= %s
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rush:
    """Runs that were submitted by many clients at once."""

    runs: int
    clients: int
    refused: int
    """Submissions that were answered otherwise than well."""
    completed: int
    """Fewer than `runs` where some failed, or where the time was up."""
    failed: int
    submission: Spread
    """Of the calls that were answered well."""
    catalog: Spread
    """Of the readings of the catalog while clients submitted."""
    submitted: float
    """Seconds until the last submission was answered."""
    seconds: float
    """From the first submission until the last run had ended, or the time was up."""
    memory: dict[str, Memory]

    @property
    def per_minute(self) -> float:
        """The rate of what was completed."""
        return per_minute(self.completed, self.seconds)

    @property
    def at_most_per_minute(self) -> float:
        """The rate if all that was open when the time was up had completed at that moment."""
        return per_minute(self.runs - self.failed, self.seconds)


def measure_rush(stack: MeasuredStack, way: Way, *, runs: int, clients: int, timeout: float) -> Rush:
    """Submit, read the catalog meanwhile, and look until all has ended or `timeout` seconds have passed."""
    with way.account.connected() as caller:
        way.start(caller)
    memory = MemoryWatch(stack.settings)
    with memory.watching(), stack.database() as ask:
        ((since,),) = ask("SELECT now()")
        started = time.perf_counter()
        with _reading(stack.developer) as readings:
            seconds, refused = _submit(way, runs, clients)
        submitted = time.perf_counter() - started
        while True:
            ((completed, failed),) = ask(ENDED, way.dag_id, since)
            elapsed = time.perf_counter() - started
            if completed + failed + refused >= runs or elapsed > timeout:
                break
            time.sleep(LOOK_EVERY)
    return Rush(
        runs=runs,
        clients=clients,
        refused=refused,
        completed=completed,
        failed=failed,
        submission=spread(seconds),
        catalog=spread(readings.seconds),
        submitted=round(submitted, 1),
        seconds=round(elapsed, 1),
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
            take(caller.call("GET", "/api/v1/catalog").seconds)
            if over.wait(READ_EVERY):
                return
