"""Measures how long a submission takes, for one client and for many at once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

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
