"""Measures a push: how soon one changed item can be ordered, and whether all stay orderable while all change."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pao_local.git import git

from api_plugin.client import ApiClient
from bench.calls import Account, UnexpectedAnswerError
from bench.figures import Row, Target, row
from bench.measure import Spread, spread
from bench.repository import MEASURED

CATALOG = "default"
CHANGED = "Goes into every call"
"""A description in every generated item, which a push rewrites."""
EVERY, EVERY_OF_ALL = 0.05, 1.0
"""Seconds between two looks at how far a push of one item is, and of all: with a thousand waiting, a look is dear."""
PAUSE = 0.2
"""Seconds between two orders: they are to find refusals, not to load the machine."""
ONE_TIMEOUT, ALL_TIMEOUT = 120.0, 1800.0


@dataclass(frozen=True, kw_only=True, slots=True)
class PushTimes:
    """What pushes took, and what orders met meanwhile."""

    items: int
    """In the catalog."""
    polled: Spread
    """From the commit of one changed item until that is served, found by polling alone."""
    called: Spread
    """The same with a refresh call right after the commit."""
    all_seconds: float
    """From a commit that changes every item until all of them are served at it."""
    orders: int
    """Orders of one item after the other during that."""
    refused: int
    order_times: Spread

    def rows(self) -> Iterator[Row]:
        """One changed item, and all."""
        yield row("push of one, by polling", self.polled)
        yield row("push of one, with a call", self.called)
        more = f"all served after {self.all_seconds:g} s, {self.refused} of {self.orders} refused"
        yield row("orders while all change", self.order_times, more)

    def targets(self) -> Iterator[Target]:
        """Soon served, and always orderable."""
        name = f"push among {self.items} items"
        for part, times in (("by polling", self.polled), ("with a call", self.called)):
            yield Target(name=f"{name}, {part}: p95", measured=times.p95, limit=10_000, unit="ms")
        yield Target(name=f"{name}, all: orders refused", measured=self.refused, limit=0)


@dataclass(kw_only=True)
class Orders:
    """What the orders met."""

    seconds: list[float] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)


def measure_pushes(repository: Path, service: ApiClient, developer: Account, rounds: int) -> PushTimes:
    """Push one item `rounds` times each way, then all items once."""
    files = sorted((repository / "catalog").rglob("*.yaml"))
    one = next(path for path in files if path.stem == MEASURED)
    polled = [_one(repository, one, service, f"polled {number}", call=False) for number in range(rounds)]
    called = [_one(repository, one, service, f"called {number}", call=True) for number in range(rounds)]
    with _ordering(developer, [path.stem for path in files]) as orders:
        started = time.monotonic()
        _change(repository, files, "all of them")
        service.refresh_catalog(CATALOG)
        _wait(repository, service, ALL_TIMEOUT, EVERY_OF_ALL)
        all_seconds = time.monotonic() - started
    return PushTimes(
        items=len(files),
        polled=spread(polled),
        called=spread(called),
        all_seconds=round(all_seconds, 1),
        orders=len(orders.seconds) + len(orders.refusals),
        refused=len(orders.refusals),
        order_times=spread(orders.seconds),
    )


def _one(repository: Path, file: Path, service: ApiClient, words: str, *, call: bool) -> float:
    started = time.monotonic()
    _change(repository, [file], words)
    if call:
        service.refresh_catalog(CATALOG)
    _wait(repository, service, ONE_TIMEOUT, EVERY)
    return time.monotonic() - started


def _change(repository: Path, files: list[Path], words: str) -> None:
    """Commit another description of a field: a new revision of each item, which runs like the one before."""
    for path in files:
        before, _, after = path.read_text(encoding="utf-8").partition(CHANGED)
        path.write_text(f"{before}{CHANGED}, {words}{after[after.index('.') :]}", encoding="utf-8")
    git("-C", repository, "commit", "--all", "--quiet", "--message", f"A change: {words}")


def _wait(repository: Path, service: ApiClient, seconds: float, every: float) -> None:
    """Return when the newest commit is published and everything is served at it."""
    commit, deadline = git("-C", repository, "rev-parse", "HEAD"), time.monotonic() + seconds
    while True:
        state = service.catalog_state(CATALOG)
        if state.commit == commit and not state.pending:
            return
        if time.monotonic() > deadline:
            raise TimeoutError(f"{len(state.pending)} items are not served {seconds:.0f} s after a push")
        time.sleep(every)


@contextmanager
def _ordering(developer: Account, item_ids: list[str]) -> Iterator[Orders]:
    """Order one item after the other while the block runs."""
    orders, done = Orders(), threading.Event()

    def order() -> None:
        with developer.connected() as caller:
            while not done.is_set():
                for item_id in item_ids:
                    body = {"item_id": item_id, "fields": {"text": "measured"}}
                    try:
                        reply = caller.call("POST", "/api/v1/requests", body=body, wanted=202)
                        orders.seconds.append(reply.seconds)
                    except UnexpectedAnswerError as error:
                        orders.refusals.append(str(error))
                    if done.wait(PAUSE):
                        return

    thread = threading.Thread(target=order)
    thread.start()
    try:
        yield orders
    finally:
        done.set()
        thread.join()
