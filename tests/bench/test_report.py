"""Which targets count as reached, and what is printed and stored."""

from __future__ import annotations

import io
import json

import pytest
from rich.console import Console

from bench.catalog import CatalogTimes
from bench.compiling import CompileTimes, Compiling
from bench.contenders import CONTENDERS, DEFERRABLE, ITEM, ON_WORKERS
from bench.crowd import Crowd, Crowds
from bench.fast import Fast
from bench.flood import Flood
from bench.growth import Growth, Stage
from bench.listing import ListingTimes
from bench.measure import Spread
from bench.memory import Memory
from bench.pushing import PushTimes
from bench.report import as_json, show, targets
from bench.runs import Burst
from bench.rush import Rush, Rushes
from bench.serving import Serving, ServingTimes
from bench.steps import StepTimes
from bench.submission import Load, Submissions, Triggered
from bench.waiting import Waiting


def times(p50=1.0, p95=2.0):
    return Spread(count=10, p50=p50, p95=p95, p99=p95, slowest=p95)


def burst(seconds, completed=200, failed=0):
    return Burst(runs=200, completed=completed, failed=failed, seconds=seconds)


def steps(p50=100.0, p95=200.0, added=50.0):
    return StepTimes(whole=times(p50, p95), first=times(), added=times(added))


def fast(ours=None, **others):
    """Every hand-written DAG takes a second and a half, or what is said."""
    ways = {each.name: steps(1500.0) for each in CONTENDERS}
    return Fast(ways=ways | {ITEM.name: ours or steps()} | others)


def flood(ours, on_workers):
    ways = {each.name: burst(200) for each in CONTENDERS}
    return Flood(ways=ways | {ITEM.name: ours, ON_WORKERS.name: on_workers})


def growth(*medians):
    return Growth(
        stages=tuple(Stage(requests=10**at, times=steps(p50), per_minute=9.0) for at, p50 in enumerate(medians))
    )


def crowds(beside=None, scheduler=0.05, runner=0.05):
    alone = Crowd(waiting=0, times=steps(), seconds=0.0)
    many = Crowd(waiting=5000, times=beside or steps(), seconds=60.0)
    others = "its other processes"
    cores = {"scheduler": scheduler, f"scheduler, {others}": 0.05, "triggerer": 0.05, f"triggerer, {others}": runner}
    return Crowds(crowds=(alone, many), idle_seconds=60.0, cores=cores)


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


def submitted(clients, **more):
    return Submissions(loads=(Load(clients=clients, times=times(**more), per_second=1),))


def waiting(completed=500, worker_tasks=0, seconds=45.0):
    return Waiting(requests=500, completed=completed, worker_tasks=worker_tasks, alone=30.0, begun=9.0, seconds=seconds)


def rush(seconds=60.0, **more):
    ended = {"runs": 1000, "completed": 1000, "failed": 0, "seconds": seconds}
    found = {"refused": 0, "submission": times(p95=2000.0), "catalog": times(p95=200.0)}
    return Rush(
        runs=1000,
        clients=200,
        submitted=9.0,
        memory={"api-server": Memory(before=300, peak=400, after=350)},
        ended=Burst(**ended | {name: more.pop(name) for name in ended.keys() & more}),
        **found | more,
    )


def missed(result):
    return [target.name for target in targets({"part": result}) if not target.reached]


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (Compiling(catalogs=(compiled(), compiled(99999, 9999, 10000))), []),
        (
            Compiling(catalogs=(compiled(5001, 201),)),
            [
                "1000 items, pao validate, cold: p50",
                "1000 items, fetched and compiled, cold: p50",
                "1000 items, one changed: p50",
            ],
        ),
        (Rushes(ours=rush(), handwritten=rush(seconds=72.0)), []),
        (
            Rushes(
                ours=rush(refused=1, completed=998, failed=1, submission=times(p95=2001.0), catalog=times(p95=201.0)),
                handwritten=rush(seconds=71.0),
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
        (catalog(20.0), []),
        (catalog(20.1), ["catalog, 200 items: p95"]),
        (catalog(20.0, 5.1), ["catalog, 304: p95"]),
        (Serving(catalogs=(served(), served(99, 99, 999, 10000))), []),
        (
            Serving(catalogs=(served(20.1, 5.1, 50.1),)),
            ["1000 items, 200 items: p95", "1000 items, 304: p95", "1000 items, memory of an API process"],
        ),
        (listed(50.0), []),
        (
            listed(50.1),
            [
                "100000 requests, operator: p95",
                "100000 requests, requester: p95",
                "100000 requests, page after page: p95",
                "100000 requests, slowest list: p95",
            ],
        ),
        (pushed(), []),
        (
            pushed(10_001, 1),
            ["push among 1000 items, by polling: p95", "push among 1000 items, all: orders refused"],
        ),
        (fast(steps(300.0, 500.0, 60.0)), []),
        (
            fast(steps(301.0, 501.0, 61.0)),
            ["three actions, idle: p50", "three actions, idle: p95", "added by an action, idle: p50"],
        ),
        (fast(**{DEFERRABLE.name: steps(399.0)}), ["three actions, idle: faster than the best hand-written"]),
        (flood(burst(13.3), burst(200.0)), []),
        (
            flood(burst(13.4, completed=199), burst(200.0)),
            [
                "200 of three actions at once: completed",
                "200 of three actions at once: requests a second",
                "200 of three actions at once: rate beside the DAG on workers",
            ],
        ),
        (growth(100, 500, 120), []),
        (growth(100, 100, 121), ["three actions after 100 requests: p50 beside 1"]),
        (crowds(steps(150.0, added=75.0)), []),
        (
            crowds(steps(151.0, added=76.0), scheduler=0.101, runner=0.051),
            [
                "three actions beside 5000 waiting, p50: beside idle",
                "three actions beside 5000 waiting, p50 added: beside idle",
                "5000 waiting, nothing to do: scheduler",
                "5000 waiting, nothing to do: triggerer",
            ],
        ),
        (waiting(), []),
        (
            waiting(completed=499, worker_tasks=1, seconds=47.0),
            [
                "500 waiting at once: completed",
                "500 waiting at once: most worker tasks",
                "500 waiting at once: time beside one alone",
            ],
        ),
        (submitted(1, p50=30), []),
        (submitted(1, p50=31), ["submission, 1 client: p50"]),
        (submitted(50, p50=31, p95=500), []),
        (submitted(50, p95=501), ["submission, 50 clients: p95"]),
        (Triggered(loads=(Load(clients=50, times=times(p95=9999), per_second=1),)), []),
    ],
)
def test_a_target_is_reached_at_its_limit(result, expected):
    """Times have a ceiling, rates a floor."""
    assert expected == missed(result)


def test_what_cannot_be_compared_is_not_reached():
    """A hand-written DAG whose runs all failed is no proof of speed."""
    result = flood(burst(10), burst(200, completed=0, failed=200))

    assert ["200 of three actions at once: rate beside the DAG on workers"] == missed(result)


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
    assert expected == flood(burst(60), handwritten).ratio


def test_the_best_hand_written_dag_is_the_one_to_beat():
    """Whichever it is; Airflow's own triggerer with our item is none."""
    ways = {each.name: steps(p50) for each, p50 in zip(CONTENDERS, (100.0, 900.0, 200.0, 800.0), strict=True)}

    assert 8.0 == Fast(ways=ways).times_faster


def test_what_was_not_measured_has_no_target():
    """A part left out is neither reached nor missed."""
    assert [] == targets({})


def test_the_stored_form_holds_figures_and_verdicts():
    """Beside what they depend on."""
    stored = json.loads(json.dumps(as_json({"fast": fast()}, {"cores": 2})))

    assert {"cores": 2} == stored["environment"]
    assert (100.0, 200.0) == tuple(
        stored["results"]["fast"]["ways"][ITEM.name]["whole"][name] for name in ("p50", "p95")
    )
    assert [True] * 4 == [target["reached"] for target in stored["targets"]]


@pytest.mark.parametrize(
    "result",
    [
        Compiling(catalogs=(compiled(),)), catalog(1.0), Serving(catalogs=(served(),)), listed(1.0), pushed(),
        waiting(), fast(), flood(burst(1), burst(1)), growth(1, 1), crowds(), submitted(1),
        Rushes(ours=rush(), handwritten=rush()),
    ],
)  # fmt: skip
def test_each_line_has_every_column(result):
    """The table would be refused."""
    assert {7} == {len(row) for row in result.rows()}


def test_the_table_says_what_was_not_completed():
    """A rate of half the runs must not pass for one of all."""
    out = io.StringIO()

    show({"flood": flood(burst(10), burst(600, completed=40))}, Console(file=out, width=160))

    assert "40 of 200" in out.getvalue()
    assert "not reached" not in out.getvalue()
