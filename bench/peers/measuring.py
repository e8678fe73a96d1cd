"""Measures an engine: one run when nothing else happens, several times, and then many at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import pairwise

import psycopg2

from bench.measure import Spread, percentile, spread
from bench.peers.engine import Engine
from bench.recorder import Recorder
from bench.ways import RunFailedError

CALLS = 3
WARM_UP = 2
"""Runs before the first that counts."""
LOOK_EVERY = 0.02
"""Seconds between two looks at one run: one query. The engine's own times are taken, so it adds nothing to them."""
COUNT_EVERY = 0.25
REST = 0.5
"""Seconds between two runs, so that what one leaves to be cleaned up is not measured with the next."""
MARGIN = 0.1
"""Seconds; engines round their times. Less than `REST`, so that no earlier run is counted."""
ONE_TIMEOUT = 120.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Ended:
    """What an engine says of its runs."""

    succeeded: int
    failed: int
    last: float
    """When the last one ended, in seconds of the epoch; 0 where none did."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EngineTimes:
    """One engine's figures."""

    name: str
    version: str
    called: Spread
    """From the submission of one run until its last call was answered."""
    completed: Spread
    """From the same until the time that the engine itself gives for the run's end."""
    between: Spread
    """From the answer to a call until the next one arrives."""
    runs: int
    """That were submitted at once."""
    succeeded: int
    """Of them, by the engine's word; fewer where some failed or the time was up."""
    failed: int
    submitted: float
    """Seconds until the engine had taken the last one."""
    submission_p50: float
    """Milliseconds of one of those submissions."""
    seconds: float
    """From the first submission until the last run's end, or the time was up."""

    @property
    def per_second(self) -> float:
        """The rate of what succeeded."""
        return round(self.succeeded / self.seconds, 1) if self.seconds > 0 else 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Amounts:
    """How much is measured."""

    rounds: int
    runs: int
    clients: int
    timeout: float
    """Seconds for the many."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Looked:
    """One run alone, in seconds."""

    called: float
    completed: float
    between: tuple[float, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Many:
    taken: tuple[float, ...]
    submitted: float
    seconds: float
    ended: Ended


def measure_engine(name: str, version: str, engine: Engine, recorder: Recorder, amounts: Amounts) -> EngineTimes:
    """Measure both; raises `RunFailedError` where a run alone fails, and `TimeoutError` where it does not end."""
    with asking(engine) as ended:
        alone = [_one(engine, recorder, ended, f"one-{number}") for number in range(WARM_UP + amounts.rounds)][WARM_UP:]
        time.sleep(REST)
        many = _many(engine, ended, amounts)
    return EngineTimes(
        name=name,
        version=version,
        called=spread([one.called for one in alone]),
        completed=spread([one.completed for one in alone]),
        between=spread([one for run in alone for one in run.between]),
        runs=amounts.runs,
        succeeded=many.ended.succeeded,
        failed=many.ended.failed,
        submitted=round(many.submitted, 1),
        submission_p50=round(percentile(many.taken, 50) * 1000, 1),
        seconds=round(many.seconds, 2),
    )


def _one(engine: Engine, recorder: Recorder, ended: Callable[[float], Ended], run: str) -> _Looked:
    time.sleep(REST)
    with engine.account.connected() as caller:
        # Two clocks: the engine's times are of the wall, the recorder's of the machine's start.
        since, begun = time.time(), time.monotonic()
        engine.submit(caller, run)
    while not (found := ended(since - MARGIN)).succeeded:
        if found.failed:
            raise RunFailedError(f"run {run} failed")
        if time.monotonic() - begun > ONE_TIMEOUT:
            raise TimeoutError(f"run {run} did not end within {ONE_TIMEOUT:.0f} s")
        time.sleep(LOOK_EVERY)
    calls = [call for call in recorder.calls("now") if call.path.startswith(f"{run}/")]
    if len(calls) != CALLS:
        raise RunFailedError(f"run {run} made {len(calls)} calls instead of {CALLS}")
    between = tuple(after.arrived - before.answered for before, after in pairwise(calls))
    return _Looked(called=calls[-1].answered - begun, completed=found.last - since, between=between)


def _many(engine: Engine, ended: Callable[[float], Ended], amounts: Amounts) -> _Many:
    since, begun = time.time(), time.monotonic()
    names = iter([f"many-{number}" for number in range(amounts.runs)])
    with ThreadPoolExecutor(amounts.clients) as pool:
        clients = [pool.submit(_client, engine, names) for _ in range(amounts.clients)]
        taken = tuple(one for client in clients for one in client.result())
    submitted = time.monotonic() - begun
    while True:
        found, elapsed = ended(since - MARGIN), time.monotonic() - begun
        if found.succeeded + found.failed >= amounts.runs:
            return _Many(taken=taken, submitted=submitted, seconds=found.last - since, ended=found)
        if elapsed > amounts.timeout:
            return _Many(taken=taken, submitted=submitted, seconds=elapsed, ended=found)
        time.sleep(COUNT_EVERY)


def _client(engine: Engine, names: Iterator[str]) -> list[float]:
    """Submit over one connection while there are names; taking one from the shared iterator is atomic."""
    seconds = []
    with engine.account.connected() as caller:
        for name in names:
            started = time.perf_counter()
            engine.submit(caller, name)
            seconds.append(time.perf_counter() - started)
    return seconds


@contextmanager
def asking(engine: Engine) -> Iterator[Callable[[float], Ended]]:
    """What asks the engine's database what has ended since a time, over one connection."""
    with closing(psycopg2.connect(engine.database)) as connection, connection.cursor() as cursor:
        connection.autocommit = True

        def ask(since: float) -> Ended:
            cursor.execute(engine.ended, {"since": since})
            ((succeeded, failed, last),) = cursor.fetchall()
            return Ended(succeeded=succeeded, failed=failed, last=float(last or 0))

        yield ask
