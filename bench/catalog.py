"""Measures reading the catalog: the list and the form of an item, new and unchanged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bench.calls import Account, Caller
from bench.figures import Row, Target, row
from bench.measure import Spread, spread
from bench.repository import MEASURED

WARM_UP = 20
"""Calls before the first that counts: the first ones fill caches and connection pools."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CatalogTimes:
    """One spread for each kind of call."""

    page: Spread
    """The list as a portal asks for it first: 50 items."""
    everything: Spread
    """The list with `limit=200`."""
    unchanged: Spread
    """The list with `limit=200` and a known `ETag`: 304."""
    schema: Spread
    schema_unchanged: Spread

    def rows(self) -> Iterator[Row]:
        """A line a kind of call."""
        yield row("catalog, page of 50", self.page)
        yield row("catalog, 200 items", self.everything)
        yield row("catalog, 304", self.unchanged)
        yield row("form", self.schema)
        yield row("form, 304", self.schema_unchanged)

    def targets(self) -> Iterator[Target]:
        """Nobody waits for a form."""
        for part, times, limit in (("page of 50", self.page, 20), ("200 items", self.everything, 20),
                                   ("form", self.schema, 20), ("304", self.unchanged, 5)):  # fmt: skip
            yield Target(name=f"catalog, {part}: p95", measured=times.p95, limit=limit, unit="ms")


def measure_catalog(account: Account, calls: int) -> CatalogTimes:
    """Call each kind `calls` times, one after the other."""
    everything, schema = "/api/v1/catalog?limit=200", f"/api/v1/catalog/items/{MEASURED}/schema"
    with account.connected() as caller:
        return CatalogTimes(
            page=times_of(caller, "/api/v1/catalog", calls),
            everything=times_of(caller, everything, calls),
            unchanged=times_of(caller, everything, calls, known=True),
            schema=times_of(caller, schema, calls),
            schema_unchanged=times_of(caller, schema, calls, known=True),
        )


def times_of(caller: Caller, path: str, calls: int, *, known: bool = False) -> Spread:
    """Call a path so often, each time with its `ETag` where it is `known`."""
    first = caller.call("GET", path)
    headers = {"If-None-Match": first.headers["ETag"]} if known else {}
    wanted = 304 if known else 200
    seconds = [caller.call("GET", path, headers=headers, wanted=wanted).seconds for _ in range(WARM_UP + calls)]
    return spread(seconds[WARM_UP:])
