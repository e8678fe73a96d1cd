"""Measures how long a submission takes, for one client and for many at once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from bench.figures import Row, Target, row
from bench.measure import Spread, spread
from bench.ways import Way

WARM_UP = 5
"""Submissions before the first that counts: the first one loads the DAG into the API server."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Load:
    """Submissions by a number of clients, each sending its next one as soon as it has its answer."""

    clients: int
    times: Spread
    per_second: float

    @property
    def by(self) -> str:
        """How many clients, in words."""
        return "1 client" if self.clients == 1 else f"{self.clients} clients"


@dataclass(frozen=True, kw_only=True, slots=True)
class Submissions:
    """Of the item's requests."""

    loads: tuple[Load, ...]

    def rows(self) -> Iterator[Row]:
        """A line a load."""
        for load in self.loads:
            yield row(f"submission, {load.by}", load.times, f"{load.per_second:g}/s")

    def targets(self) -> Iterator[Target]:
        """One client is answered at once, and many soon."""
        for load in self.loads:
            name, figure, limit = ("p50", load.times.p50, 30) if load.clients == 1 else ("p95", load.times.p95, 500)
            yield Target(name=f"submission, {load.by}: {name}", measured=figure, limit=limit, unit="ms")


@dataclass(frozen=True, kw_only=True, slots=True)
class Triggered:
    """Of the hand-written DAG's runs, through Airflow's own API."""

    loads: tuple[Load, ...]

    def rows(self) -> Iterator[Row]:
        """A line a load."""
        for load in self.loads:
            yield row(f"hand-written: trigger, {load.by}", load.times, f"{load.per_second:g}/s")

    def targets(self) -> Iterator[Target]:
        """None: it is there to compare with."""
        return iter(())


def measure_submissions(way: Way, clients: int, submissions: int) -> Load:
    """Send that many submissions in all; what they start runs meanwhile."""
    with way.account.connected() as caller:
        for _ in range(WARM_UP):
            way.start(caller)
    started = time.perf_counter()
    seconds = [one for _, one in submit_all(way, clients, submissions)]
    elapsed = time.perf_counter() - started
    return Load(clients=clients, times=spread(seconds), per_second=round(len(seconds) / elapsed, 1))


def submit_all(way: Way, clients: int, submissions: int) -> list[tuple[str, float]]:
    """Each submission's run and seconds."""
    tickets = iter(range(submissions))
    with ThreadPoolExecutor(clients) as pool:
        done = [pool.submit(_client, way, tickets) for _ in range(clients)]
        return [one for client in done for one in client.result()]


def _client(way: Way, tickets: Iterator[int]) -> list[tuple[str, float]]:
    """Submit over one connection while there are tickets; taking one from the shared iterator is atomic."""
    with way.account.connected() as caller:
        return [way.start(caller) for _ in tickets]
