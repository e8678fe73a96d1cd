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
from bench.measure import Spread, ratio
from bench.submission import Load


@dataclass(frozen=True, kw_only=True, slots=True)
class Pair:
    """The orchestrator's spread and the hand-written DAG's."""

    ours: Spread
    handwritten: Spread

    @property
    def ratio(self) -> float | None:
        """Our median as a multiple of theirs; below 1 is faster."""
        return ratio(self.ours.p50, self.handwritten.p50)


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
class Results:
    """Everything that one run measured; None for what it was told to leave out."""

    compile: tuple[CompileTimes, ...] = ()
    """The smallest catalog first: the targets are for that one."""
    catalog: CatalogTimes | None = None
    submission: tuple[Load, ...] = ()
    handwritten_submission: tuple[Load, ...] = ()
    """The same through Airflow's own API; each starts a DAG run as well."""
    idle: Pair | None = None
    burst: BurstPair | None = None


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
    found = []
    for compiled in results.compile[:1]:
        name = f"{compiled.items} items"
        for part, figure, limit in (("pao validate, cold", compiled.validate.p50, 5000),
                                    ("fetched and compiled, cold", compiled.compile.p50, 5000),
                                    ("one changed", compiled.change.p50, 200)):  # fmt: skip
            found.append(Target(name=f"{name}, {part}: p50", measured=figure, limit=limit, unit="ms"))
    if results.catalog:
        for name, times in (("page of 50", results.catalog.page), ("200 items", results.catalog.everything),
                            ("form", results.catalog.schema)):  # fmt: skip
            found.append(Target(name=f"catalog, {name}: p95", measured=times.p95, limit=20, unit="ms"))
    for load in results.submission:
        name, figure, limit = ("p50", load.times.p50, 30) if load.clients == 1 else ("p95", load.times.p95, 500)
        found.append(Target(name=f"submission, {_clients(load)}: {name}", measured=figure, limit=limit, unit="ms"))
    if results.idle:
        measured = results.idle.ratio
        found.append(Target(name="completion, idle: time beside hand-written", measured=measured, limit=1, unit="x"))
    if results.burst:
        name, measured = f"completion, {results.burst.ours.runs} at once: rate beside hand-written", results.burst.ratio
        found.append(Target(name=name, measured=measured, limit=1, unit="x", at_least=True))
    return found


def as_json(results: Results, environment: dict[str, Any]) -> dict[str, Any]:
    """The content of the results file."""
    ratios = {
        "idle_time": results.idle.ratio if results.idle else None,
        "burst_rate": results.burst.ratio if results.burst else None,
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
    yield from _load_rows("submission", results.submission)
    yield from _load_rows("hand-written: trigger", results.handwritten_submission)
    if results.idle:
        yield _row("completion, idle", results.idle.ours)
        yield _row("hand-written, idle", results.idle.handwritten)
    if results.burst:
        yield _burst_row("completion, all at once", results.burst.ours)
        yield _burst_row("hand-written, all at once", results.burst.handwritten)


def _load_rows(name: str, loads: Iterable[Load]) -> Iterator[tuple[str, ...]]:
    for load in loads:
        yield _row(f"{name}, {_clients(load)}", load.times, f"{load.per_second:g}/s")


def _row(name: str, times: Spread, rate: str = "") -> tuple[str, ...]:
    figures = (times.p50, times.p95, times.p99, times.slowest)
    return name, str(times.count), *(f"{figure:.1f}" for figure in figures), rate


def _burst_row(name: str, burst: Burst) -> tuple[str, ...]:
    count = str(burst.runs) if burst.completed == burst.runs else f"{burst.completed} of {burst.runs}"
    return name, count, "", "", "", f"{burst.seconds * 1000:.0f}", f"{burst.per_minute:g}/min"


def _clients(load: Load) -> str:
    return "1 client" if load.clients == 1 else f"{load.clients} clients"
