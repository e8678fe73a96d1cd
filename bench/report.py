"""What was measured, as a table for people and JSON for comparing runs; and whether the targets were reached."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.catalog import CatalogTimes
from bench.compiling import CompileTimes
from bench.completion import Burst
from bench.listing import ListingTimes
from bench.measure import Spread, ratio
from bench.pushing import PushTimes
from bench.rush import Rush
from bench.serving import ServingTimes
from bench.sockets import Sockets
from bench.submission import Load
from bench.waiting import Waiting


@dataclass(frozen=True, kw_only=True, slots=True)
class Pair:
    """The orchestrator's spread and the hand-written DAG's."""

    ours: Spread
    handwritten: Spread

    @property
    def ratio(self) -> float | None:
        """Our median as a multiple of theirs; below 1 is faster."""
        return ratio(self.ours.p50, self.handwritten.p50)

    @property
    def slow_ratio(self) -> float | None:
        """The same of what all but one in twenty take at most."""
        return ratio(self.ours.p95, self.handwritten.p95)


@dataclass(frozen=True, kw_only=True, slots=True)
class BurstPair:
    """The orchestrator's burst and the hand-written DAG's."""

    ours: Burst
    handwritten: Burst

    @property
    def ratio(self) -> float | None:
        """Our rate as a multiple of theirs, at most what theirs could be; above 1 is faster."""
        return ratio(self.ours.per_minute, self.handwritten.at_most_per_minute)


@dataclass(frozen=True, kw_only=True, slots=True)
class RushPair:
    """The orchestrator's rush and the hand-written DAG's."""

    ours: Rush
    handwritten: Rush

    @property
    def ratio(self) -> float | None:
        """Our rate as a multiple of theirs, at most what theirs could be; above 1 is faster."""
        return ratio(self.ours.per_minute, self.handwritten.at_most_per_minute)


@dataclass(frozen=True, kw_only=True, slots=True)
class Results:
    """Everything that one run measured; None for what it was told to leave out."""

    compile: tuple[CompileTimes, ...] = ()
    """The smallest catalog first: the targets are for that one."""
    catalog: CatalogTimes | None = None
    serving: tuple[ServingTimes, ...] = ()
    """The smallest catalog first: the targets are for that one."""
    listing: ListingTimes | None = None
    submission: tuple[Load, ...] = ()
    handwritten_submission: tuple[Load, ...] = ()
    """The same through Airflow's own API; each starts a DAG run as well."""
    idle: Pair | None = None
    burst: BurstPair | None = None
    pushing: PushTimes | None = None
    delay: Pair | None = None
    """From the end of an action to the first byte of the next."""
    waiting: Waiting | None = None
    rush: RushPair | None = None
    sockets: Sockets | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """A figure and the limit that it is to keep."""

    name: str
    measured: float | None
    limit: float
    unit: str
    at_least: bool = False
    """Whether the limit is a floor instead of a ceiling."""

    @property
    def reached(self) -> bool:
        """False also where there is no figure."""
        if self.measured is None:
            return False
        return self.measured >= self.limit if self.at_least else self.measured <= self.limit


def targets(results: Results) -> list[Target]:
    """The targets of what was measured."""
    parts = (
        _compile_targets,
        _catalog_targets,
        _listing_targets,
        _run_targets,
        _action_targets,
        _socket_targets,
        _rush_targets,
        _push_targets,
    )
    return [target for part in parts for target in part(results)]


def _compile_targets(results: Results) -> Iterator[Target]:
    for compiled in results.compile[:1]:
        for part, figure, limit in (("pao validate, cold", compiled.validate.p50, 5000),
                                    ("fetched and compiled, cold", compiled.compile.p50, 5000),
                                    ("one changed", compiled.change.p50, 200)):  # fmt: skip
            yield Target(name=f"{compiled.items} items, {part}: p50", measured=figure, limit=limit, unit="ms")


def _catalog_targets(results: Results) -> Iterator[Target]:
    if catalog := results.catalog:
        for part, times, limit in (("page of 50", catalog.page, 20), ("200 items", catalog.everything, 20),
                                   ("form", catalog.schema, 20), ("304", catalog.unchanged, 5)):  # fmt: skip
            yield Target(name=f"catalog, {part}: p95", measured=times.p95, limit=limit, unit="ms")
    for served in results.serving[:1]:
        for part, times, limit in (("page of 50", served.page, 20), ("200 items", served.everything, 20),
                                   ("304", served.unchanged, 5)):  # fmt: skip
            yield Target(name=f"{served.items} items, {part}: p95", measured=times.p95, limit=limit, unit="ms")
        memory = f"{served.items} items, memory of an API process"
        yield Target(name=memory, measured=served.memory_mb, limit=50, unit="MB")


def _listing_targets(results: Results) -> Iterator[Target]:
    if listing := results.listing:
        for part, times in (("operator", listing.operator), ("requester", listing.requester),
                            ("page after page", listing.pages), ("slowest list", listing.slowest_times)):  # fmt: skip
            yield Target(name=f"{listing.requests} requests, {part}: p95", measured=times.p95, limit=50, unit="ms")


def _run_targets(results: Results) -> Iterator[Target]:
    for load in results.submission:
        name, figure, limit = ("p50", load.times.p50, 30) if load.clients == 1 else ("p95", load.times.p95, 500)
        yield Target(name=f"submission, {_clients(load)}: {name}", measured=figure, limit=limit, unit="ms")
    if results.idle:
        measured = results.idle.ratio
        yield Target(name="completion, idle: time beside hand-written", measured=measured, limit=1, unit="x")
    if results.burst:
        name, measured = f"completion, {results.burst.ours.runs} at once: rate beside hand-written", results.burst.ratio
        yield Target(name=name, measured=measured, limit=1, unit="x", at_least=True)


def _action_targets(results: Results) -> Iterator[Target]:
    if delay := results.delay:
        for name, measured in (("p50", delay.ratio), ("p95", delay.slow_ratio)):
            yield Target(name=f"delay of an action, {name}: beside hand-written", measured=measured, limit=1, unit="x")
    if waiting := results.waiting:
        name = f"{waiting.requests} waiting at once"
        yield Target(
            name=f"{name}: completed", measured=waiting.completed, limit=waiting.requests, unit="", at_least=True
        )
        yield Target(name=f"{name}: most worker tasks", measured=waiting.worker_tasks, limit=0, unit="")
        yield Target(name=f"{name}: time beside one alone", measured=waiting.ratio, limit=1.5, unit="x")


def _socket_targets(results: Results) -> Iterator[Target]:
    if sockets := results.sockets:
        name = f"{sockets.sockets} WebSockets"
        yield Target(name=f"{name}: not told everything", measured=sockets.lost, limit=0, unit="")
        yield Target(name=f"{name}: told of others", measured=sockets.foreign, limit=0, unit="")
        yield Target(name=f"{name}, status: slowest", measured=sockets.statuses.slowest, limit=1000, unit="ms")


def _rush_targets(results: Results) -> Iterator[Target]:
    if rush := results.rush:
        ours = rush.ours
        name = f"{ours.runs} by {ours.clients} at once"
        yield Target(name=f"{name}: refused", measured=ours.refused, limit=0, unit="")
        yield Target(name=f"{name}: failed", measured=ours.failed, limit=0, unit="")
        yield Target(name=f"{name}: completed", measured=ours.completed, limit=ours.runs, unit="", at_least=True)
        yield Target(name=f"{name}, submission: p95", measured=ours.submission.p95, limit=2000, unit="ms")
        yield Target(name=f"{name}, catalog: p95", measured=ours.catalog.p95, limit=200, unit="ms")
        yield Target(name=f"{name}: rate beside hand-written", measured=rush.ratio, limit=1.2, unit="x", at_least=True)


def _push_targets(results: Results) -> Iterator[Target]:
    if pushing := results.pushing:
        name = f"push among {pushing.items} items"
        for part, times in (("by polling", pushing.polled), ("with a call", pushing.called)):
            yield Target(name=f"{name}, {part}: p95", measured=times.p95, limit=10_000, unit="ms")
        yield Target(name=f"{name}, all: orders refused", measured=pushing.refused, limit=0, unit="")


def as_json(results: Results, environment: dict[str, Any]) -> dict[str, Any]:
    """The content of the results file."""
    ratios = {
        "idle_time": results.idle.ratio if results.idle else None,
        "burst_rate": results.burst.ratio if results.burst else None,
        "delay_p50": results.delay.ratio if results.delay else None,
        "delay_p95": results.delay.slow_ratio if results.delay else None,
        "waiting_time": results.waiting.ratio if results.waiting else None,
        "rush_rate": results.rush.ratio if results.rush else None,
    }
    rates = {
        "burst_per_minute": results.burst.ours.per_minute if results.burst else None,
        "handwritten_burst_per_minute": results.burst.handwritten.per_minute if results.burst else None,
    }
    judged = [{**asdict(target), "reached": target.reached} for target in targets(results)]
    return {"environment": environment, "results": asdict(results), "ratios": ratios, "rates": rates, "targets": judged}


def show(results: Results, console: Console) -> None:
    """Print the figures, then the targets."""
    table = Table("measured", "count", "p50", "p95", "p99", "slowest", "rate", title="Times in milliseconds")
    for name, count, *cells in _rows(results):
        table.add_row(name, count, *cells)
    for column in table.columns[1:]:
        column.justify = "right"
    console.print(table)
    judged = Table("target", "measured", "limit", "", title="Targets")
    for target in targets(results):
        sign, verdict = ("≥" if target.at_least else "≤"), ("reached" if target.reached else "not reached")
        measured = "-" if target.measured is None else f"{target.measured:g} {target.unit}"
        judged.add_row(target.name, measured, f"{sign} {target.limit:g} {target.unit}", verdict)
    console.print(judged)


def _rows(results: Results) -> Iterator[tuple[str, ...]]:
    for compiled in results.compile:
        yield _row(f"{compiled.items} items: pao validate", compiled.validate)
        yield _row(f"{compiled.items} items: compile", compiled.compile, f"{compiled.memory_mb:g} MB")
        yield _row(f"{compiled.items} items: one changed", compiled.change)
    if results.catalog:
        yield _row("catalog, page of 50", results.catalog.page)
        yield _row("catalog, 200 items", results.catalog.everything)
        yield _row("catalog, 304", results.catalog.unchanged)
        yield _row("form", results.catalog.schema)
        yield _row("form, 304", results.catalog.schema_unchanged)
    for served in results.serving:
        name = f"{served.items} items"
        yield _row(f"{name}: page of 50", served.page, f"{served.memory_mb:g} MB")
        yield _row(f"{name}: 200 items", served.everything, f"loads in {served.load_ms:.0f} ms")
        yield _row(f"{name}: 200 items, searched", served.searched)
        yield _row(f"{name}: 304", served.unchanged)
    yield from _listing_rows(results)
    yield from _load_rows("submission", results.submission)
    yield from _load_rows("hand-written: trigger", results.handwritten_submission)
    if results.idle:
        yield _row("completion, idle", results.idle.ours)
        yield _row("hand-written, idle", results.idle.handwritten)
    if results.burst:
        yield _burst_row("completion, all at once", results.burst.ours)
        yield _burst_row("hand-written, all at once", results.burst.handwritten)
    if results.delay:
        yield _row("delay of an action", results.delay.ours)
        yield _row("hand-written, delay", results.delay.handwritten)
    if waiting := results.waiting:
        yield "one on a slow target", "1", "", "", "", f"{waiting.alone * 1000:.0f}", ""
        count, rate = f"{waiting.completed} of {waiting.requests}", f"all begun after {waiting.begun:g} s"
        yield "many on slow targets", count, "", "", "", f"{waiting.seconds * 1000:.0f}", rate
    yield from _socket_rows(results.sockets)
    if results.rush:
        yield from _rush_rows("rush", results.rush.ours)
        yield from _rush_rows("hand-written, rush", results.rush.handwritten)
    if pushing := results.pushing:
        yield _row("push of one, by polling", pushing.polled)
        yield _row("push of one, with a call", pushing.called)
        rate = f"all served after {pushing.all_seconds:g} s, {pushing.refused} of {pushing.orders} refused"
        yield _row("orders while all change", pushing.order_times, rate)


def _listing_rows(results: Results) -> Iterator[tuple[str, ...]]:
    if listing := results.listing:
        name = f"{listing.requests} requests"
        yield _row(f"{name}: lists, operator", listing.operator)
        yield _row(f"{name}: lists, requester", listing.requester)
        yield _row(f"{name}: page after page", listing.pages)
        yield _row(f"{name}: slowest", listing.slowest_times, listing.slowest)


def _socket_rows(sockets: Sockets | None) -> Iterator[tuple[str, ...]]:
    if sockets:
        name = f"{sockets.sockets} WebSockets"
        cores = f"{sockets.quiet_cpu:g} cores when quiet, {sockets.busy_cpu:g} when busy"
        memory = f"{sockets.memory.before:g}, {sockets.memory.peak:g}, {sockets.memory.after:g} MB"
        yield _row(f"{name}: status told", sockets.statuses, cores)
        yield _row(f"{name}: action told", sockets.actions, memory)


def _load_rows(name: str, loads: Iterable[Load]) -> Iterator[tuple[str, ...]]:
    for load in loads:
        yield _row(f"{name}, {_clients(load)}", load.times, f"{load.per_second:g}/s")


def _row(name: str, times: Spread, rate: str = "") -> tuple[str, ...]:
    figures = (times.p50, times.p95, times.p99, times.slowest)
    return name, str(times.count), *(f"{figure:.1f}" for figure in figures), rate


def _burst_row(name: str, burst: Burst) -> tuple[str, ...]:
    count = str(burst.runs) if burst.completed == burst.runs else f"{burst.completed} of {burst.runs}"
    return name, count, "", "", "", f"{burst.seconds * 1000:.0f}", f"{burst.per_minute:g}/min"


def _rush_rows(name: str, rush: Rush) -> Iterator[tuple[str, ...]]:
    yield _row(f"{name}: submission", rush.submission, f"all within {rush.submitted:g} s")
    yield _row(f"{name}: catalog meanwhile", rush.catalog)
    yield (
        f"{name}: completed",
        f"{rush.completed} of {rush.runs}",
        "",
        "",
        "",
        f"{rush.seconds * 1000:.0f}",
        (f"{rush.per_minute:g}/min"),
    )
    for program, memory in rush.memory.items():
        figures = f"{memory.before:g}, {memory.peak:g}, {memory.after:g} MB"
        yield f"{name}: memory of {program}", "", "", "", "", "", figures


def _clients(load: Load) -> str:
    return "1 client" if load.clients == 1 else f"{load.clients} clients"
