"""A small engine is measured as the others are: installed, started on PostgreSQL, called, stopped."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pao_local.progress import Progress
from rich.console import Console

from bench.calls import Account
from bench.peers.comparing import measure_peers
from bench.peers.engine import Engine, Peer, Place
from bench.peers.measuring import Amounts
from bench.peers.processes import free_port, marked_processes, processes

PROGRAM = Path(__file__).with_name("small_engine.py")
ENDED = "SELECT count(*), 0, extract(epoch FROM max(at)) FROM ended WHERE at >= to_timestamp(%(since)s)"
AMOUNTS = Amounts(rounds=2, runs=7, clients=3, timeout=60)

pytestmark = pytest.mark.timeout(120)


def small(seen: list[Place], calls: int = 3) -> Peer:
    """The small engine; where it was started is told."""

    @contextmanager
    def running(place: Place) -> Iterator[Engine]:
        seen.append(place)
        port, database = free_port(), f"postgresql://postgres@/postgres?host={place.database}"
        with processes(place.logs) as started:
            started.start("small", [sys.executable, PROGRAM, str(port), place.target, database, str(calls)], {})
            started.wait_for_port(port)
            yield Engine(
                account=Account(host="127.0.0.1", port=port, token="none"),
                submit=lambda caller, run: (caller.call("POST", f"/{run}"), None)[1],
                ended=ENDED,
                database=database,
            )

    return Peer(name="Small", version="1", folder="small", install=lambda _: None, running=running)


def test_one_alone_and_many_at_once_are_measured_and_nothing_is_left(tmp_path):
    """Its own end comes after its last call; neither the processes nor the folder outlive the measurement."""
    seen: list[Place] = []

    found = measure_peers([small(seen)], tmp_path, AMOUNTS, Progress(Console(file=io.StringIO())))

    (times,), (place,) = found.engines, seen
    assert (2, 2, 4) == (times.called.count, times.completed.count, times.between.count)
    assert times.called.p50 < times.completed.p50
    assert (7, 7, 0) == (times.runs, times.succeeded, times.failed)
    assert [] == list(marked_processes(str(place.logs)))
    assert not place.folder.exists()


def test_an_engine_that_does_not_make_the_calls_is_not_compared(tmp_path):
    """It would look fast."""
    found = measure_peers([small([], calls=2)], tmp_path, AMOUNTS, Progress(Console(file=io.StringIO())))

    assert () == found.engines
    assert ("Small 1 was not measured: run one-0 made 2 calls instead of 3",) == found.left_out
