"""What is measured on a stack, part by part: each gives what it found, as entries of `Results`."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from pao_local.progress import Progress

from bench.catalog import measure_catalog
from bench.crowd import measure_crowds
from bench.fast import measure_fast
from bench.figures import Result
from bench.flood import measure_flood
from bench.growth import measure_growth
from bench.listing import measure_listing
from bench.pushing import measure_pushes
from bench.runs import wait_until_quiet
from bench.rush import Rushes, measure_rush
from bench.serving import Serving, measure_serving
from bench.sockets import measure_sockets
from bench.stack import MeasuredStack
from bench.submission import Load, Submissions, Triggered, measure_submissions
from bench.waiting import measure_waiting
from bench.ways import Handwritten, Ordered, Way

SERVED = (1000, 10000)
"""Items of the catalogs that are only listed."""
TIMEOUT = 1200.0
"""Seconds; what has not ended by then is left out of the rate."""
MANY = 50
"""Clients at once."""

Found = dict[str, Result]


@dataclass(frozen=True, kw_only=True)
class Bench:
    """What the parts measure with."""

    stack: MeasuredStack
    arguments: argparse.Namespace
    progress: Progress

    @cached_property
    def ours(self) -> Ordered:
        """The item with three calls."""
        return Ordered(self.stack.developer)

    @cached_property
    def handwritten(self) -> Handwritten:
        """The DAG with the same ones."""
        return Handwritten(self.stack.admin)

    def loads(self, way: Way) -> tuple[Load, ...]:
        """Submissions by one client, and by many."""
        submissions = self.arguments.submissions
        return measure_submissions(way, 1, submissions), measure_submissions(way, MANY, MANY * submissions // 10)


def _catalog(bench: Bench) -> Found:
    with bench.progress.step("Reading the catalog"):
        return {"catalog": measure_catalog(bench.stack.developer, bench.arguments.calls)}


def _serving(bench: Bench) -> Found:
    stack, calls = bench.stack, bench.arguments.calls
    with bench.progress.step("Reading larger catalogs"):
        found = [measure_serving(stack.developer, stack.environment, items, calls) for items in SERVED]
    return {"serving": Serving(catalogs=tuple(found))}


def _listing(bench: Bench) -> Found:
    stack, requests = bench.stack, bench.arguments.requests
    with bench.progress.step(f"Listing and searching {requests} requests"):
        found = measure_listing(stack.admin, stack.developer, stack.environment, requests, bench.arguments.lists)
    return {"listing": found}


def _submission(bench: Bench) -> Found:
    with bench.progress.step("Submitting requests"):
        found = bench.loads(bench.ours)
    with bench.progress.step("Waiting until they have ended"), bench.stack.database() as ask:
        wait_until_quiet(ask, bench.ours, TIMEOUT)
    return {"submission": Submissions(loads=found)}


def _fast(bench: Bench) -> Found:
    with bench.progress.step("Completing one request at a time, and hand-written DAGs, in turn"):
        return {"fast": measure_fast(bench.stack, bench.arguments.fast)}


def _growth(bench: Bench) -> Found:
    requests = bench.arguments.growth
    with bench.progress.step(f"Completing requests until there are {requests}"):
        return {"growth": measure_growth(bench.stack, requests, bench.arguments.alone)}


def _flood(bench: Bench) -> Found:
    runs = bench.arguments.flood
    with bench.progress.step(f"Completing {runs} requests at once, and some runs of hand-written DAGs"):
        return {"flood": measure_flood(bench.stack, runs, TIMEOUT)}


def _crowd(bench: Bench) -> Found:
    sizes, alone, still = bench.arguments.crowd, bench.arguments.alone, bench.arguments.still
    with bench.progress.step(f"Completing requests beside {' and '.join(map(str, sizes))} that wait"):
        return {"crowd": measure_crowds(bench.stack, sizes, alone, still)}


def _waiting(bench: Bench) -> Found:
    requests = bench.arguments.waiting
    with bench.progress.step(f"Waiting for {requests} slow targets at once"):
        return {"waiting": measure_waiting(bench.stack, requests, MANY)}


def _sockets(bench: Bench) -> Found:
    sockets = bench.arguments.sockets
    with bench.progress.step(f"Watching {sockets} requests by as many WebSockets"):
        return {"sockets": measure_sockets(bench.stack, sockets, MANY)}


def _rush(bench: Bench) -> Found:
    runs, clients = bench.arguments.rush, bench.arguments.clients
    with bench.progress.step(f"Completing {runs} requests by {clients} clients at once"):
        ours = measure_rush(bench.stack, bench.ours, runs=runs, clients=clients, timeout=TIMEOUT)
    fewer = min(runs, bench.arguments.handwritten)
    with bench.progress.step(f"Completing {fewer} runs of the hand-written DAG by {clients} clients at once"):
        theirs = measure_rush(bench.stack, bench.handwritten, runs=fewer, clients=min(fewer, clients), timeout=TIMEOUT)
    return {"rush": Rushes(ours=ours, handwritten=theirs)}


def _handwritten_submission(bench: Bench) -> Found:
    with bench.progress.step("Triggering the hand-written DAG"):
        return {"handwritten_submission": Triggered(loads=bench.loads(bench.handwritten))}


def _pushing(bench: Bench) -> Found:
    stack = bench.stack
    with bench.progress.step("Pushing one changed item, and then all of them"):
        found = measure_pushes(stack.repository, stack.service, stack.developer, bench.arguments.pushes)
    return {"pushing": found}


MEASURES: tuple[tuple[str, Callable[[Bench], Found]], ...] = (
    ("fast", _fast),
    ("growth", _growth),
    ("flood", _flood),
    ("catalog", _catalog),
    ("serving", _serving),
    ("listing", _listing),
    ("submission", _submission),
    ("waiting", _waiting),
    ("sockets", _sockets),
    ("rush", _rush),
    ("submission", _handwritten_submission),
    ("pushing", _pushing),
    ("crowd", _crowd),
)
"""The parts with what measures them, in an order that lets nothing of ours run beside what something else left.

Growth begins with few requests; a crowd stays to the end."""
