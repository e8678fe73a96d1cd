"""The served catalog in memory: checked against the database's change counter once a TTL, rebuilt where it changed.

Each item is served at its newest revision whose DAGs are ready, so that a push never makes an item unavailable. Whoever
finds that a published revision has become ready records it, and everyone's counter moves.
"""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from api_plugin.readiness import ready_items
from api_plugin.store.catalog import Catalog, CatalogItem, ItemRevision
from catalog_compiler.form import Form, item_form
from catalog_compiler.model import Item, drop_free_keys
from catalog_compiler.plan import ItemPlan


@dataclass(frozen=True, kw_only=True)
class ServedItem:
    """An item as it is served: one revision, with where it came from."""

    catalog: str
    item: Item
    plan: ItemPlan
    valid: bool
    file: str
    commit: str
    author: str
    committed_at: dt.datetime

    @cached_property
    def form(self) -> Form:
        """The form, made when it is first asked for."""
        return item_form(self.item)

    @property
    def revision(self) -> str:
        """The served revision."""
        return self.plan.revision


@dataclass(frozen=True, kw_only=True, slots=True)
class CatalogView:
    """One catalog at one moment; never changed, only replaced."""

    name: str
    commit: str | None
    change_counter: int
    items: Mapping[str, ServedItem]
    categories: tuple[str, ...]
    pending: frozenset[str]
    """Items with a published revision whose DAGs are not ready yet."""


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

    def refresh(self, session: Session, *, wait: bool = True) -> None:
        """Look now. Unless told to wait, leave it to another thread that is at it already."""
        if not self._lock.acquire(blocking=wait):
            return
        try:
            rows = session.execute(select(Catalog.name, Catalog.change_counter))
            counters = {row.name: row.change_counter for row in rows}
            self._views = {name: self._fresh(session, name, counter) for name, counter in counters.items()}
            self._checked = time.monotonic()
        finally:
            self._lock.release()

    def _fresh(self, session: Session, name: str, counter: int) -> CatalogView:
        view = self._views.get(name)
        if view is None or view.change_counter != counter:
            view = _build(session, name, view)
        if view.pending and _promote(session, view):
            view = _build(session, name, view)
        return view


def _promote(session: Session, view: CatalogView) -> bool:
    """Serve the pending revisions whose DAGs have become ready; tells whether there were any.

    Whoever writes a catalog locks its row before its items. Where another does so now, the next look promotes.
    """
    rows = session.execute(
        select(ItemRevision.item_id, ItemRevision.plan)
        .join(CatalogItem, _published())
        .where(CatalogItem.catalog == view.name, CatalogItem.item_id.in_(view.pending))
    )
    plans = {row.item_id: ItemPlan.model_validate(row.plan) for row in rows}
    ready = ready_items(session, view.name, plans)
    if not ready or not _locked(session, view.name):
        return False
    for item_id in sorted(ready):
        session.execute(
            update(CatalogItem)
            .where(
                CatalogItem.catalog == view.name,
                CatalogItem.item_id == item_id,
                CatalogItem.published_revision == plans[item_id].revision,
            )
            .values(served_revision=plans[item_id].revision)
        )
    session.execute(update(Catalog).where(Catalog.name == view.name).values(change_counter=Catalog.change_counter + 1))
    session.commit()
    return True


def _locked(session: Session, name: str) -> bool:
    """Lock a catalog's row; False where another transaction has it."""
    free = select(Catalog.name).where(Catalog.name == name).with_for_update(skip_locked=True)
    return session.scalar(free) is not None


def _published() -> ColumnElement[bool]:
    return (
        (CatalogItem.catalog == ItemRevision.catalog)
        & (CatalogItem.item_id == ItemRevision.item_id)
        & (CatalogItem.published_revision == ItemRevision.revision)
    )


def _build(session: Session, name: str, before: CatalogView | None) -> CatalogView:
    """Read a catalog; items at a revision that was known before are kept as they were parsed."""
    catalog = session.get_one(Catalog, name, populate_existing=True)
    rows = session.scalars(
        select(CatalogItem).where(CatalogItem.catalog == name, ~CatalogItem.retired).order_by(CatalogItem.item_id)
    ).all()
    known = before.items if before else {}
    wanted = {row.item_id: row for row in rows if row.served_revision}
    stale = [row for row in wanted.values() if _known_revision(known, row.item_id) != row.served_revision]
    fresh = _read_items(session, name, stale)
    items = {}
    for item_id, row in wanted.items():
        item = fresh.get(item_id) or known[item_id]
        items[item_id] = item if item.valid == row.valid else _with_validity(item, valid=row.valid)
    return CatalogView(
        name=name,
        commit=catalog.commit,
        change_counter=catalog.change_counter,
        items=items,
        categories=tuple(catalog.categories),
        pending=frozenset(row.item_id for row in rows if row.served_revision != row.published_revision),
    )


def _known_revision(known: Mapping[str, ServedItem], item_id: str) -> str | None:
    item = known.get(item_id)
    return item.revision if item else None


def _read_items(session: Session, catalog: str, rows: list[CatalogItem]) -> dict[str, ServedItem]:
    served = {row.item_id: row for row in rows}
    if not served:
        return {}
    revisions = session.scalars(
        select(ItemRevision).where(
            ItemRevision.catalog == catalog,
            ItemRevision.item_id.in_(served),
            ItemRevision.revision.in_([row.served_revision for row in rows]),
        )
    )
    return {
        row.item_id: ServedItem(
            catalog=catalog,
            item=Item.model_validate(drop_free_keys(row.document)),
            plan=ItemPlan.model_validate(row.plan),
            valid=served[row.item_id].valid,
            file=row.file,
            commit=row.commit,
            author=row.author,
            committed_at=row.committed_at,
        )
        for row in revisions
        if row.revision == served[row.item_id].served_revision
    }


def _with_validity(item: ServedItem, *, valid: bool) -> ServedItem:
    return ServedItem(
        catalog=item.catalog, item=item.item, plan=item.plan, valid=valid, file=item.file, commit=item.commit,
        author=item.author, committed_at=item.committed_at,
    )  # fmt: skip
