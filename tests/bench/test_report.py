"""Which targets count as reached, and what is printed and stored."""

from __future__ import annotations

import io
import json

import pytest
from rich.console import Console

from bench.catalog import CatalogTimes
from bench.compiling import CompileTimes
from bench.completion import Burst
from bench.listing import ListingTimes
from bench.measure import Spread
from bench.memory import Memory
from bench.pushing import PushTimes
from bench.report import BurstPair, Pair, Results, RushPair, as_json, show, targets
from bench.rush import Rush
from bench.serving import ServingTimes
from bench.submission import Load
from bench.waiting import Waiting


def times(p50=1.0, p95=2.0):
    return Spread(count=10, p50=p50, p95=p95, p99=p95, slowest=p95)


def burst(seconds, completed=200, failed=0):
    return Burst(runs=200, completed=completed, failed=failed, seconds=seconds)


def catalog(p95, unchanged=5.0):
    return CatalogTimes(
        page=times(),
        everything=times(p95=p95),
        unchanged=times(p95=unchanged),
        schema=times(),
        schema_unchanged=times(),
    )


def listed(p95):
    """Every list that slow."""
    slow = times(p95=p95)
    return ListingTimes(
        requests=100_000, operator=slow, requester=slow, pages=slow, slowest="all, operator", slowest_times=slow
    )


def served(p95=20.0, unchanged=5.0, memory=50.0, items=1000):
    return ServingTimes(
        items=items, load_ms=1.0, memory_mb=memory, page=times(), everything=times(p95=p95), searched=times(),
        unchanged=times(p95=unchanged),
    )  # fmt: skip


def pushed(p95=10_000.0, refused=0):
    return PushTimes(
        items=1000, polled=times(p95=p95), called=times(), all_seconds=1.0, orders=9, refused=refused,
        order_times=times(),
    )  # fmt: skip


def compiled(cold=5000.0, change=200.0, items=1000):
    return CompileTimes(
        items=items, validate=times(p50=cold), compile=times(p50=cold), change=times(p50=change), memory_mb=1.0
    )


def waiting(completed=500, worker_tasks=0, seconds=45.0):
    return Waiting(requests=500, completed=completed, worker_tasks=worker_tasks, alone=30.0, begun=9.0, seconds=seconds)


def rush(seconds=60.0, **more):
    found = {"runs": 1000, "clients": 200, "refused": 0, "completed": 1000, "failed": 0, "submitted": 9.0}
    memory = {"api-server": Memory(before=300, peak=400, after=350)}
    times_of_both = {"submission": times(p95=2000.0), "catalog": times(p95=200.0)}
    return Rush(seconds=seconds, memory=memory, **{**found, **times_of_both, **more})


def missed(results):
    return [target.name for target in targets(results) if not target.reached]


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        (Results(compile=(compiled(), compiled(99999, 9999, 10000))), []),
        (
            Results(compile=(compiled(5001, 201),)),
            [
                "1000 items, pao validate, cold: p50",
                "1000 items, fetched and compiled, cold: p50",
                "1000 items, one changed: p50",
            ],
        ),
        (Results(rush=RushPair(ours=rush(), handwritten=rush(seconds=72.0))), []),
        (
            Results(
                rush=RushPair(
                    ours=rush(
                        refused=1, completed=998, failed=1, submission=times(p95=2001.0), catalog=times(p95=201.0)
                    ),
                    handwritten=rush(seconds=71.0),
                )
            ),
            [
                "1000 by 200 at once: refused",
                "1000 by 200 at once: failed",
                "1000 by 200 at once: completed",
                "1000 by 200 at once, submission: p95",
                "1000 by 200 at once, catalog: p95",
                "1000 by 200 at once: rate beside hand-written",
            ],
        ),
        (Results(catalog=catalog(20.0)), []),
        (Results(catalog=catalog(20.1)), ["catalog, 200 items: p95"]),
        (Results(catalog=catalog(20.0, 5.1)), ["catalog, 304: p95"]),
        (Results(serving=(served(), served(99, 99, 999, 10000))), []),
        (
            Results(serving=(served(20.1, 5.1, 50.1),)),
            ["1000 items, 200 items: p95", "1000 items, 304: p95", "1000 items, memory of an API process"],
        ),
        (Results(listing=listed(50.0)), []),
        (
            Results(listing=listed(50.1)),
            [
                "100000 requests, operator: p95",
                "100000 requests, requester: p95",
                "100000 requests, page after page: p95",
                "100000 requests, slowest list: p95",
            ],
        ),
        (Results(pushing=pushed()), []),
        (
            Results(pushing=pushed(10_001, 1)),
            ["push among 1000 items, by polling: p95", "push among 1000 items, all: orders refused"],
        ),
        (Results(delay=Pair(ours=times(4, 8), handwritten=times(4, 8))), []),
        (
            Results(delay=Pair(ours=times(5, 9), handwritten=times(4, 8))),
            ["delay of an action, p50: beside hand-written", "delay of an action, p95: beside hand-written"],
        ),
        (Results(waiting=waiting()), []),
        (
            Results(waiting=waiting(completed=499, worker_tasks=1, seconds=47.0)),
            [
                "500 waiting at once: completed",
                "500 waiting at once: most worker tasks",
                "500 waiting at once: time beside one alone",
            ],
        ),
        (Results(submission=(Load(clients=1, times=times(p50=30), per_second=1),)), []),
        (Results(submission=(Load(clients=1, times=times(p50=31), per_second=1),)), ["submission, 1 client: p50"]),
        (Results(submission=(Load(clients=50, times=times(p50=31, p95=500), per_second=1),)), []),
        (Results(submission=(Load(clients=50, times=times(p95=501), per_second=1),)), ["submission, 50 clients: p95"]),
        (Results(idle=Pair(ours=times(p50=5), handwritten=times(p50=5))), []),
        (
            Results(idle=Pair(ours=times(p50=6), handwritten=times(p50=5))),
            ["completion, idle: time beside hand-written"],
        ),
        (Results(burst=BurstPair(ours=burst(60), handwritten=burst(60))), []),
        (
            Results(burst=BurstPair(ours=burst(70), handwritten=burst(60))),
            ["completion, 200 at once: rate beside hand-written"],
        ),
    ],
)
def test_a_target_is_reached_at_its_limit(results, expected):
    """Times have a ceiling, rates a floor."""
    assert expected == missed(results)


def test_what_cannot_be_compared_is_not_reached():
    """A hand-written DAG whose runs all failed is no proof of speed."""
    results = Results(burst=BurstPair(ours=burst(60), handwritten=burst(60, completed=0, failed=200)))

    assert ["completion, 200 at once: rate beside hand-written"] == missed(results)


@pytest.mark.parametrize(
    ("handwritten", "expected"),
    [
        (burst(60), 1.0),
        (burst(600), 10.0),
        (burst(600, completed=10), 10.0),
        (burst(600, completed=100, failed=100), 20.0),
    ],
)
def test_a_rate_that_was_cut_off_counts_as_the_best_it_could_be(handwritten, expected):
    """Runs that were open when the time was up are no advantage of ours; failed ones are."""
    assert expected == BurstPair(ours=burst(60), handwritten=handwritten).ratio


def test_what_was_not_measured_has_no_target():
    """A part left out is neither reached nor missed."""
    assert [] == targets(Results())


def test_the_stored_form_holds_figures_ratios_and_verdicts():
    """Beside what they depend on."""
    results = Results(idle=Pair(ours=times(p50=4), handwritten=times(p50=8)))

    stored = json.loads(json.dumps(as_json(results, {"cores": 2})))

    assert {"cores": 2} == stored["environment"]
    assert {"idle_time": 0.5} == {name: ratio for name, ratio in stored["ratios"].items() if ratio is not None}
    assert (4.0, 8.0) == (stored["results"]["idle"]["ours"]["p50"], stored["results"]["idle"]["handwritten"]["p50"])
    assert [True] == [target["reached"] for target in stored["targets"]]


def test_the_table_says_what_was_not_completed():
    """A rate of half the runs must not pass for one of all."""
    out = io.StringIO()

    show(Results(burst=BurstPair(ours=burst(60), handwritten=burst(600, completed=40))), Console(file=out, width=160))

    assert "40 of 200" in out.getvalue()
    assert "not reached" not in out.getvalue()
