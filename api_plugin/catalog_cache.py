"""The served catalog in memory: checked against the database's change counter once a TTL, rebuilt where it changed.

Each item is served at its newest revision whose DAGs are ready, so that a push never makes an item unavailable. Whoever
finds that a published revision has become ready records it, and everyone's counter moves.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from airflow.utils.session import create_session
from sqlalchemy import Row, Text, cast, select
from sqlalchemy.orm import Session

from api_plugin.followed import is_followed
from api_plugin.promoting import promote
from api_plugin.served_item import ServedItem, SortKey, packed, read_header
from api_plugin.store.catalog import Catalog, CatalogItem, ItemRevision

READ_AT_ONCE = 200
"""Items that are read from the database together: their texts are in memory twice for a moment."""


@dataclass(frozen=True, kw_only=True)
class CatalogView:
    """One catalog at one moment; never changed, only replaced."""

    name: str
    commit: str | None
    change_counter: int
    items: Mapping[str, ServedItem]
    categories: tuple[str, ...]
    pending: frozenset[str]
    """Items with a published revision whose DAGs are not ready yet."""
    _ordered: dict[str, Sequence[ServedItem]] = field(default_factory=dict, repr=False, compare=False)

    def ordered(self, key: SortKey) -> Sequence[ServedItem]:
        """All items by a part of their header, without regard to case, then by id; sorted once."""
        if key not in self._ordered:
            self._ordered[key] = sorted(self.items.values(), key=lambda item: item.position(key))
        return self._ordered[key]


class CatalogCache:
    """The views of all catalogs in this process. Thread-safe."""

    def __init__(self, ttl: float) -> None:
        """Trust a view for `ttl` seconds."""
        self._ttl = ttl
        self._views: Mapping[str, CatalogView] = {}
        self._checked = float("-inf")
        self._lock = threading.Lock()

    def view(self, session: Session, catalog: str) -> CatalogView | None:
        """The catalog of that name, at most a TTL old; None where there is none."""
        if time.monotonic() - self._checked > self._ttl:
            self.refresh(session, wait=not self._views)
        return self._views.get(catalog)

    def pending(self) -> bool:
        """Whether items are getting ready, so that another look is worth while."""
        return any(view.pending for view in self._views.values())

    def refresh(self, session: Session, *, wait: bool = True) -> None:
        """Look now. Unless told to wait, leave it to another thread that is at it already."""
        if not self._lock.acquire(blocking=wait):
            return
        try:
            rows = session.execute(select(Catalog.name, Catalog.change_counter).where(is_followed()))
            counters = {row.name: row.change_counter for row in rows}
            self._views = {name: self._fresh(session, name, counter) for name, counter in counters.items()}
            self._checked = time.monotonic()
        finally:
            self._lock.release()

    def _fresh(self, session: Session, name: str, counter: int) -> CatalogView:
        view = self._views.get(name)
        if view is None or view.change_counter != counter:
            view = _build(session, name, view)
        if view.pending and _promoted(name):
            view = _build(session, name, view)
        return view


def _promoted(catalog: str) -> bool:
    """Promote in a transaction of its own: whoever asks for a view may hold locks that a commit would let go."""
    with create_session(scoped=False) as session:
        return promote(session, catalog)


def _build(session: Session, name: str, before: CatalogView | None) -> CatalogView:
    """Read a catalog; items at a revision that was known before are kept as they are."""
    catalog = session.get_one(Catalog, name, populate_existing=True)
    rows = session.execute(
        select(
            CatalogItem.item_id, CatalogItem.served_revision, CatalogItem.published_revision, CatalogItem.valid
        ).where(CatalogItem.catalog == name, ~CatalogItem.retired).order_by(CatalogItem.item_id)
    ).all()  # fmt: skip
    known = before.items if before else {}
    wanted = {row.item_id: row.served_revision for row in rows if row.served_revision}
    unknown = {i: revision for i, revision in wanted.items() if i not in known or known[i].revision != revision}
    fresh = _read_items(session, name, unknown)
    items = {}
    for row in rows:
        item = fresh.get(row.item_id) or known.get(row.item_id)
        if row.served_revision and item is not None:
            items[row.item_id] = item if item.valid == row.valid else replace(item, valid=row.valid)
    return CatalogView(
        name=name,
        commit=catalog.commit,
        change_counter=catalog.change_counter,
        items=items,
        categories=tuple(catalog.categories),
        pending=frozenset(row.item_id for row in rows if row.served_revision != row.published_revision),
    )


def _read_items(session: Session, catalog: str, revisions: Mapping[str, str]) -> dict[str, ServedItem]:
    """Items at these revisions. A document passes through as text: to parse it would take ten times the time."""
    items: dict[str, ServedItem] = {}
    ids = sorted(revisions)
    for some in (ids[start : start + READ_AT_ONCE] for start in range(0, len(ids), READ_AT_ONCE)):
        rows = session.execute(
            select(
                ItemRevision.item_id,
                ItemRevision.revision,
                cast(ItemRevision.document, Text).label("document"),
                cast(ItemRevision.plan, Text).label("plan"),
                ItemRevision.document["header"].label("header"),
                ItemRevision.plan["automatic"].astext.is_not(None).label("automatic"),
                ItemRevision.file,
                ItemRevision.commit,
                ItemRevision.author,
                ItemRevision.committed_at,
            ).where(
                ItemRevision.catalog == catalog,
                ItemRevision.item_id.in_(some),
                ItemRevision.revision.in_([revisions[item_id] for item_id in some]),
            )
        )
        for row in rows:
            if row.revision == revisions[row.item_id]:
                items[row.item_id] = _served(catalog, row)
    return items


def _served(catalog: str, row: Row[Any]) -> ServedItem:
    return ServedItem(
        catalog=catalog,
        revision=row.revision,
        header=read_header(row.header),
        modes=("automatic", "manual") if row.automatic else ("manual",),
        valid=True,
        file=row.file,
        commit=row.commit,
        author=row.author,
        committed_at=row.committed_at,
        document=packed(row.document),
        packed_plan=packed(row.plan),
    )
