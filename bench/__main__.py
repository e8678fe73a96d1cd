"""`make bench`: start a stack, measure, print, store, stop."""

from __future__ import annotations

import argparse
import datetime as dt
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from pao_local.errors import StartError
from pao_local.progress import Progress
from pao_local.signals import interrupt_on_end
from rich.console import Console

from api_plugin.client import ApiError
from bench.calls import UnexpectedAnswerError
from bench.catalog import measure_catalog
from bench.compiling import measure_compiling
from bench.completion import measure_burst, measure_idle, wait_until_quiet
from bench.machine import describe
from bench.pushing import measure_pushes
from bench.report import BurstPair, Pair, Results, as_json, show
from bench.serving import measure_serving
from bench.stack import ROOT, MeasuredStack, measured_stack
from bench.submission import Load, measure_submissions
from bench.waiting import measure_delays, measure_waiting
from bench.ways import Handwritten, Ordered, RunFailedError, Way

ON_A_STACK = ("catalog", "serving", "idle", "delay", "waiting", "burst", "submission", "pushing")
PARTS = ("compile", *ON_A_STACK)
COMPILED = (1000, 10000)
"""Items of the catalogs that are compiled."""
SERVED = (1000, 10000)
"""Items of the catalogs that are only listed."""
BURST_TIMEOUT = 1200.0
"""Seconds; what has not ended by then is left out of the rate."""
PAGE = 200
MANY = 50
"""Clients at once."""


def main() -> int:
    """Exit status 1 where it could not measure; 0 also where a target was missed, which a busy machine suffices for."""
    arguments = _arguments()
    console, progress = Console(highlight=False), Progress()
    interrupt_on_end()
    environment: dict[str, Any] = {**describe(ROOT), "items": arguments.items}
    parts: dict[str, Any] = {}
    status = 0
    try:
        if "compile" in arguments.only:
            with progress.step("Compiling catalogs"):
                parts["compile"] = tuple(measure_compiling(items) for items in COMPILED)
        if set(arguments.only) & set(ON_A_STACK):
            with measured_stack(arguments.items, progress) as stack:
                environment["settings"] = stack.airflow_settings()
                _measure(stack, arguments, progress, parts)
    except (
        StartError,
        UnexpectedAnswerError,
        RunFailedError,
        OSError,
        subprocess.CalledProcessError,
        ApiError,
    ) as error:
        print(f"error: {error}", file=sys.stderr)
        status = 1
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        status = 130
    if parts:
        results = Results(**parts)
        show(results, console)
        console.print(f"Stored in {_store(as_json(results, environment))}", soft_wrap=True)
    return status


def _measure(stack: MeasuredStack, arguments: argparse.Namespace, progress: Progress, parts: dict[str, Any]) -> None:
    """Fill in the `Results`, part by part, so that what was measured before an error is not lost.

    The order lets nothing of ours run beside what something else left behind.
    """
    ours, handwritten = Ordered(stack.developer), Handwritten(stack.admin)
    if "catalog" in arguments.only:
        with progress.step("Reading the catalog"):
            parts["catalog"] = measure_catalog(stack.developer, arguments.calls)
    if "serving" in arguments.only:
        with progress.step("Reading larger catalogs"):
            parts["serving"] = tuple(
                measure_serving(stack.developer, stack.environment, items, arguments.calls) for items in SERVED
            )
    if "submission" in arguments.only:
        with progress.step("Submitting requests"):
            parts["submission"] = _loads(ours, arguments.submissions)
        with progress.step("Waiting until they have ended"):
            wait_until_quiet(ours, BURST_TIMEOUT)
    if "idle" in arguments.only:
        with progress.step("Completing one request at a time, and one run of the hand-written DAG, in turn"):
            one, other = measure_idle([ours, handwritten], arguments.rounds)
        parts["idle"] = Pair(ours=one, handwritten=other)
    if "delay" in arguments.only:
        with progress.step("Recording when actions begin, and those of a hand-written DAG, in turn"):
            one, other = measure_delays(stack, arguments.rounds)
        parts["delay"] = Pair(ours=one, handwritten=other)
    if "waiting" in arguments.only:
        with progress.step(f"Waiting for {arguments.waiting} slow targets at once"):
            parts["waiting"] = measure_waiting(stack, arguments.waiting, MANY)
    if "burst" in arguments.only:
        with progress.step(f"Completing {arguments.burst} requests at once"):
            burst = measure_burst(ours, arguments.burst, MANY, BURST_TIMEOUT)
        with progress.step(f"Completing {arguments.burst} runs of the hand-written DAG at once"):
            theirs = measure_burst(handwritten, arguments.burst, MANY, BURST_TIMEOUT)
        parts["burst"] = BurstPair(ours=burst, handwritten=theirs)
    if "submission" in arguments.only:
        with progress.step("Triggering the hand-written DAG"):
            parts["handwritten_submission"] = _loads(handwritten, arguments.submissions)
    if "pushing" in arguments.only:
        with progress.step("Pushing one changed item, and then all of them"):
            parts["pushing"] = measure_pushes(stack.repository, stack.service, stack.developer, arguments.pushes)


def _loads(way: Way, submissions: int) -> tuple[Load, ...]:
    return measure_submissions(way, 1, submissions), measure_submissions(way, MANY, MANY * submissions // 10)


def _store(content: dict[str, Any]) -> Path:
    folder = ROOT / "bench" / "results"
    folder.mkdir(exist_ok=True)
    path = folder / f"{dt.datetime.now(dt.UTC):%Y-%m-%dT%H%M%SZ}.json"
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    return path


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, help="measure these parts alone")
    parser.add_argument("--items", type=_count, default=200, help="in the catalog")
    parser.add_argument("--calls", type=_count, default=400, help="of each kind to the catalog")
    parser.add_argument("--rounds", type=_count, default=10, help="of the idle measurement, and of the delays")
    parser.add_argument("--waiting", type=_count, default=500, help="requests that wait at once")
    parser.add_argument("--burst", type=_at_most_a_page, default=200, help="requests submitted at once, at most 200")
    parser.add_argument(
        "--submissions", type=_count, default=100, help="of the one client; the 50 send five times that"
    )
    parser.add_argument("--pushes", type=_count, default=5, help="of one changed item, by polling and with a call each")
    return parser.parse_args()


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("give a number from 1 up")
    return number


def _at_most_a_page(text: str) -> int:
    """Completed requests are counted on one page of the list."""
    number = _count(text)
    if number > PAGE:
        raise argparse.ArgumentTypeError(f"give at most {PAGE}")
    return number


if __name__ == "__main__":
    sys.exit(main())
