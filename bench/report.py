"""What was measured, as a table for people and JSON for comparing runs; and whether the targets were reached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.figures import Result, Target

Results = Mapping[str, Result]
"""Everything that one run measured, by part, in its order."""


def targets(results: Results) -> list[Target]:
    """The targets of what was measured."""
    return [target for result in results.values() for target in result.targets()]


def as_json(results: Results, environment: Mapping[str, Any]) -> dict[str, Any]:
    """The content of the results file."""
    judged = [{**asdict(target), "reached": target.reached} for target in targets(results)]
    found = {name: asdict(result) for name, result in results.items()}  # type: ignore[call-overload]
    return {"environment": dict(environment), "results": found, "targets": judged}


def show(results: Results, console: Console) -> None:
    """Print the figures, then the targets."""
    table = Table("measured", "count", "p50", "p95", "p99", "slowest", "", title="Times in milliseconds")
    for result in results.values():
        for cells in result.rows():
            table.add_row(*cells)
    for column in table.columns[1:]:
        column.justify = "right"
    console.print(table)
    judged = Table("target", "measured", "limit", "", title="Targets")
    for target in targets(results):
        sign, verdict = ("≥" if target.at_least else "≤"), ("reached" if target.reached else "not reached")
        measured = "-" if target.measured is None else f"{target.measured:g} {target.unit}"
        judged.add_row(target.name, measured, f"{sign} {target.limit:g} {target.unit}", verdict)
    console.print(judged)
