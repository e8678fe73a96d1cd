"""Measures what a large catalog costs an API process: its memory, the time to load it, and how fast it is listed.

The items are written to the tables as published and served, without DAGs: Airflow takes minutes for a thousand of
those, and reading a catalog needs none. A process of its own, with the stack's environment, writes and loads them.

Run by `measure_serving` as `python -m bench.serving write|load|remove CATALOG ITEMS`.
"""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.calls import Account
from bench.catalog import times_of
from bench.figures import Row, Target, row
from bench.measure import Spread

ROOT = Path(__file__).resolve().parents[1]
WRITTEN_AT_ONCE = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class ServingTimes:
    """Of a catalog of so many items."""

    items: int
    load_ms: float
    """Until a new process serves it."""
    memory_mb: float
    """By which that process grows, with the list made, and forms and plans of as many items as are kept parsed."""
    page: Spread
    everything: Spread
    """The list with `limit=200`, by name."""
    searched: Spread
    """The same with words to look for."""
    unchanged: Spread


@dataclass(frozen=True, kw_only=True, slots=True)
class Serving:
    """Catalogs, the smallest first: the targets are for that one."""

    catalogs: tuple[ServingTimes, ...]

    def rows(self) -> Iterator[Row]:
        """Four lines a catalog."""
        for each in self.catalogs:
            name = f"{each.items} items"
            yield row(f"{name}: page of 50", each.page, f"{each.memory_mb:g} MB")
            yield row(f"{name}: 200 items", each.everything, f"loads in {each.load_ms:.0f} ms")
            yield row(f"{name}: 200 items, searched", each.searched)
            yield row(f"{name}: 304", each.unchanged)

    def targets(self) -> Iterator[Target]:
        """As fast as a small one, in little memory."""
        for each in self.catalogs[:1]:
            for part, times, limit in (("page of 50", each.page, 20), ("200 items", each.everything, 20),
                                       ("304", each.unchanged, 5)):  # fmt: skip
                yield Target(name=f"{each.items} items, {part}: p95", measured=times.p95, limit=limit, unit="ms")
            memory = f"{each.items} items, memory of an API process"
            yield Target(name=memory, measured=each.memory_mb, limit=50, unit="MB")


def measure_serving(account: Account, environment: Mapping[str, str], items: int, calls: int) -> ServingTimes:
    """Write such a catalog beside the measured one, measure, and take it away."""
    catalog = f"large-{items}"
    try:
        _child(environment, "write", catalog, items)
        process = json.loads(_child(environment, "load", catalog))
        path = f"/api/v1/catalog?catalog={catalog}"
        with account.connected() as caller:
            return ServingTimes(
                items=items,
                load_ms=process["load_ms"],
                memory_mb=process["memory_mb"],
                page=times_of(caller, path, calls),
                everything=times_of(caller, f"{path}&limit=200", calls),
                searched=times_of(caller, f"{path}&limit=200&q=service%20calls", calls),
                unchanged=times_of(caller, f"{path}&limit=200", calls, known=True),
            )
    finally:
        _child(environment, "remove", catalog)


def _child(environment: Mapping[str, str], what: str, catalog: str, items: int = 0) -> str:
    """The last line that it prints; what Airflow says on the way stands before it."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.serving", what, catalog, str(items)],
        env=dict(environment), cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    return done.stdout.strip().rpartition("\n")[2]


def _write(catalog: str, items: int) -> None:
    from airflow.utils.session import create_session
    from sqlalchemy import insert

    from api_plugin.store.catalog import Catalog, CatalogItem, ItemRevision
    from bench.repository import CATEGORIES

    with create_session(scoped=False) as session:
        categories = list(CATEGORIES)
        session.add(
            Catalog(
                name=catalog, tracking_ref="", categories=categories, problems=[], change_counter=1, commit="0" * 40
            )
        )  # fmt: skip
        session.flush()
        revisions = list(_revisions(catalog, items))
        for start in range(0, items, WRITTEN_AT_ONCE):
            some = revisions[start : start + WRITTEN_AT_ONCE]
            session.execute(insert(ItemRevision), some)
            session.execute(
                insert(CatalogItem),
                [
                    {
                        "catalog": catalog, "item_id": row["item_id"], "published_revision": row["revision"],
                        "served_revision": row["revision"], "valid": True, "retired": False,
                    }
                    for row in some
                ],
            )  # fmt: skip


def _revisions(catalog: str, items: int) -> Iterator[dict[str, Any]]:
    import datetime as dt

    from bench.repository import generated
    from catalog_compiler.item import compile_item

    now = dt.datetime.now(dt.UTC)
    for file, text in generated(items):
        item = compile_item(text.encode(), file)
        if item.plan is None:
            raise RuntimeError(f"the generated item {file} is not valid: {item.problems[:1]}")
        yield {
            "catalog": catalog, "item_id": item.plan.item_id, "revision": item.plan.revision, "document": item.data,
            "plan": item.plan.model_dump(mode="json"), "file": file, "commit": "0" * 40, "author": "pao",
            "committed_at": now, "published_at": now,
        }  # fmt: skip


def _remove(catalog: str) -> None:
    from airflow.utils.session import create_session
    from sqlalchemy import delete

    from api_plugin.store.catalog import Catalog, CatalogItem, ItemRevision

    with create_session(scoped=False) as session:
        for table, column in ((CatalogItem, CatalogItem.catalog), (ItemRevision, ItemRevision.catalog),
                              (Catalog, Catalog.name)):  # fmt: skip
            session.execute(delete(table).where(column == catalog))


def _load(catalog: str) -> dict[str, float]:
    """Load a catalog as an API process does, and use it."""
    import psutil
    from airflow.utils.session import create_session

    from api_plugin.app import rest_app
    from api_plugin.catalog_cache import CatalogCache
    from api_plugin.served_item import PARSED, as_page

    app = rest_app()
    with create_session(scoped=False) as session:
        session.connection()
    process = psutil.Process()
    gc.collect()
    before, started = process.memory_info().rss, time.perf_counter()
    cache = CatalogCache(ttl=3600)
    with create_session(scoped=False) as session:
        view = cache.view(session, catalog)
    loaded = time.perf_counter() - started
    if view is None:
        raise RuntimeError(f"the catalog '{catalog}' was not written")
    as_page(view.ordered("name"))
    for item in list(view.items.values())[:PARSED]:
        _kept = item.form, item.plan
    gc.collect()
    grown = process.memory_info().rss - before
    del app
    return {"load_ms": round(loaded * 1000, 1), "memory_mb": round(grown / 1e6, 1)}


def main(what: str, catalog: str, items: int) -> None:
    """Write, load or remove; each in a process of its own, so that what writing took is not counted as loading."""
    if what == "write":
        _write(catalog, items)
    elif what == "load":
        print(json.dumps(_load(catalog)))
    else:
        _remove(catalog)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
