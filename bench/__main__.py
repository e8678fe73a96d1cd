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
from bench.compiling import Compiling, measure_compiling
from bench.figures import Result
from bench.growth import STAGES
from bench.machine import describe
from bench.parts import MEASURES, Bench
from bench.peers.comparing import add_arguments, compare
from bench.report import as_json, show
from bench.stack import ROOT, measured_stack
from bench.ways import RunFailedError

ON_A_STACK = tuple(dict.fromkeys(part for part, _ in MEASURES))
PARTS = ("compile", *ON_A_STACK)
PEERS = "peers"
"""The part that is measured only where it is named: it installs other engines."""
COMPILED = (1000, 10000)
"""Items of the catalogs that are compiled."""


def main() -> int:
    """Exit status 1 where it could not measure; 0 also where a target was missed, which a busy machine suffices for."""
    arguments = _arguments()
    console, progress = Console(highlight=False), Progress()
    interrupt_on_end()
    environment: dict[str, Any] = {**describe(ROOT), "items": arguments.items}
    parts: dict[str, Result] = {}
    status = 0
    try:
        if "compile" in arguments.only:
            with progress.step("Compiling catalogs"):
                parts["compile"] = Compiling(catalogs=tuple(measure_compiling(items) for items in COMPILED))
        if set(arguments.only) & set(ON_A_STACK):
            with measured_stack(arguments.items, progress) as stack:
                environment["settings"] = stack.airflow_settings()
                bench = Bench(stack=stack, arguments=arguments, progress=progress)
                for part, measure in MEASURES:
                    if part in arguments.only:
                        parts.update(measure(bench))
        if PEERS in arguments.only:
            parts[PEERS] = compare(arguments, progress)
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
        show(parts, console)
        console.print(f"Stored in {_store(as_json(parts, environment))}", soft_wrap=True)
    return status


def _store(content: dict[str, Any]) -> Path:
    folder = ROOT / "bench" / "results"
    folder.mkdir(exist_ok=True)
    path = folder / f"{dt.datetime.now(dt.UTC):%Y-%m-%dT%H%M%SZ}.json"
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    return path


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=(*PARTS, PEERS), default=PARTS, help="measure these parts alone")
    parser.add_argument("--items", type=_count, default=200, help="in the catalog")
    parser.add_argument("--calls", type=_count, default=400, help="of each kind to the catalog")
    parser.add_argument("--requests", type=_count, default=100_000, help="that are listed and searched")
    parser.add_argument("--lists", type=_count, default=20, help="calls of each list of those, by each of two")
    parser.add_argument("--fast", type=_count, default=40, help="rounds, of one request at a time, idle")
    parser.add_argument(
        "--alone", type=_count, default=20, help="requests, one at a time, among many and beside others"
    )
    parser.add_argument("--growth", type=_from_fifty, default=5000, help="requests that there are in the end")
    parser.add_argument("--flood", type=_count, default=1000, help="requests submitted at once")
    parser.add_argument("--crowd", type=_count, nargs="+", default=[1000, 5000], help="requests that others run beside")
    parser.add_argument("--still", type=_count, default=60, help="seconds in which nothing happens beside those")
    parser.add_argument("--waiting", type=_count, default=500, help="requests that wait at once")
    parser.add_argument("--sockets", type=_count, default=1000, help="that watch a request each")
    parser.add_argument("--rush", type=_count, default=1000, help="requests of the rush")
    parser.add_argument(
        "--handwritten", type=_count, default=200, help="runs of the hand-written DAG beside it, whose rate is compared"
    )
    parser.add_argument("--clients", type=_count, default=200, help="that submit them")
    parser.add_argument(
        "--submissions", type=_count, default=100, help="of the one client; the 50 send five times that"
    )
    parser.add_argument("--pushes", type=_count, default=5, help="of one changed item, by polling and with a call each")
    add_arguments(parser)
    return parser.parse_args()


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("give a number from 1 up")
    return number


def _from_fifty(text: str) -> int:
    """The first stage of growth has a fiftieth."""
    number = _count(text)
    if number < STAGES[0]:
        raise argparse.ArgumentTypeError(f"give a number from {STAGES[0]} up")
    return number


if __name__ == "__main__":
    sys.exit(main())
