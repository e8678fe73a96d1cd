"""Serves published revisions as their DAGs become ready: any API process may find that out, one at a time does.

A push that touches a thousand items takes Airflow minutes to parse, and every process looks once a TTL meanwhile: a
look must cost little. So the DAGs' tag rows are asked first, which are indexed, and the serialized DAGs only of the
items that these give hope for.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from api_plugin.clock import utc_now
from api_plugin.readiness import Wanted, hopeful_items, ready_items
from api_plugin.store.catalog import Catalog, CatalogChange, CatalogItem, ItemRevision
from api_plugin.store.notices import notify

AT_ONCE = 100
"""Items that one look promotes; what is left waits for the next, so that a publication is never held up for long."""
_LOCKS = 0x9A0
"""The class of our advisory locks; the second number is the catalog's name, hashed."""


def promote(session: Session, catalog: str) -> bool:
    """Serve the pending revisions whose DAGs have become ready, and commit; tells whether there were any.

    Whoever writes a catalog locks its row before its items. Where another does so now, the next look promotes.
    """
    if not session.scalar(select(func.pg_try_advisory_xact_lock(_LOCKS, func.hashtext(catalog)))):
        return False
    pending = _pending(session, catalog)
    hopeful = sorted(hopeful_items(session, catalog, pending))[:AT_ONCE]
    wanted = _wanted(session, catalog, hopeful)
    ready = sorted(ready_items(session, catalog, wanted))
    row = _locked(session, catalog) if ready else None
    if row is None:
        return False
    served = _serve(session, catalog, {item_id: wanted[item_id].revision for item_id in ready})
    if served:
        row.change_counter += 1
        session.add(
            CatalogChange(catalog=catalog, type="served", at=utc_now(), commit=row.commit or "", items=sorted(served))
        )
        notify(session, catalog)
    session.commit()
    return bool(served)


def _pending(session: Session, catalog: str) -> dict[str, str]:
    """The revisions that are published and not served, by item."""
    rows = session.execute(
        select(CatalogItem.item_id, CatalogItem.published_revision).where(
            CatalogItem.catalog == catalog,
            ~CatalogItem.retired,
            CatalogItem.served_revision.is_distinct_from(CatalogItem.published_revision),
        )
    )
    return {row.item_id: row.published_revision for row in rows}


def _wanted(session: Session, catalog: str, item_ids: Collection[str]) -> dict[str, Wanted]:
    rows = session.execute(
        select(
            ItemRevision.item_id,
            ItemRevision.revision,
            ItemRevision.plan["automatic"].astext.is_not(None).label("automatic"),
        )
        .join(CatalogItem, _published())
        .where(CatalogItem.catalog == catalog, CatalogItem.item_id.in_(item_ids))
    )
    return {row.item_id: Wanted.of(row.revision, automatic=row.automatic) for row in rows}


def _locked(session: Session, name: str) -> Catalog | None:
    """A catalog's row, locked; None where another transaction has it."""
    free = select(Catalog).where(Catalog.name == name).with_for_update(skip_locked=True)
    return session.scalar(free.execution_options(populate_existing=True))


def _serve(session: Session, catalog: str, revisions: dict[str, str]) -> list[str]:
    """Set what is served, where it is still what is published; the items that it was set of."""
    return list(
        session.scalars(
            update(CatalogItem)
            .where(
                CatalogItem.catalog == catalog,
                CatalogItem.item_id.in_(revisions),
                CatalogItem.published_revision.in_(set(revisions.values())),
                ~CatalogItem.retired,
            )
            .values(served_revision=CatalogItem.published_revision)
            .returning(CatalogItem.item_id)
            .execution_options(synchronize_session=False)
        )
    )


def _published() -> ColumnElement[bool]:
    return (
        (CatalogItem.catalog == ItemRevision.catalog)
        & (CatalogItem.item_id == ItemRevision.item_id)
        & (CatalogItem.published_revision == ItemRevision.revision)
    )
