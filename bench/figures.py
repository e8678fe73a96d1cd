"""What every part's result gives: lines of the table, and figures beside the limits that they are to keep."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from bench.measure import Spread

Row = tuple[str, ...]
"""A line of the table: what was measured, how many, p50, p95, p99, the slowest, and what else there is to say."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """A figure and the limit that it is to keep."""

    name: str
    measured: float | None
    limit: float
    unit: str = ""
    at_least: bool = False
    """Whether the limit is a floor instead of a ceiling."""

    @property
    def reached(self) -> bool:
        """False also where there is no figure."""
        if self.measured is None:
            return False
        return self.measured >= self.limit if self.at_least else self.measured <= self.limit


class Result(Protocol):
    """What a part found: a dataclass, which is stored field by field."""

    def rows(self) -> Iterator[Row]:
        """Its lines of the table."""

    def targets(self) -> Iterator[Target]:
        """Its figures that have a limit."""


def row(name: str, times: Spread, more: str = "") -> Row:
    """The line of a spread."""
    figures = (times.p50, times.p95, times.p99, times.slowest)
    return name, str(times.count), *(f"{figure:.1f}" for figure in figures), more


def bare_row(name: str, count: object = "", milliseconds: float | None = None, more: str = "") -> Row:
    """The line of something that has one time at most."""
    return name, str(count), "", "", "", "" if milliseconds is None else f"{milliseconds:.0f}", more
