"""Serves each item at the revision that its DAGs hold: any API process may find that out, one at a time does.

Mostly that is the published one. While pushes follow each other faster than Airflow parses, it is one that was
published in between: it alone could be run, so it alone is offered.

A push that touches a thousand items takes Airflow minutes to parse, and every process looks once a TTL meanwhile: a
look must cost little. So the DAGs' tag rows are asked first, which are indexed, and the serialized DAGs only of the
items that these give hope for.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import ColumnElement, case, false, func, or_, select, update
from sqlalchemy.orm import Session

from api_plugin.clock import utc_now
from api_plugin.readiness import Wanted, marked_revisions, ready_items
from api_plugin.store.catalog import Catalog, CatalogChange, CatalogItem, ItemRevision
from api_plugin.store.notices import notify
from catalog_compiler.run_format import revision_tag

AT_ONCE = 100
"""Items that one look promotes; what is left waits for the next, so that a publication is never held up for long."""
_LOCKS = 0x9A0
"""The class of our advisory locks; the second number is the catalog's name, hashed."""


def promote(session: Session, catalog: str) -> bool:
    """Serve the revisions whose DAGs have become ready, and commit; tells whether there were any.

    Whoever writes a catalog locks its row before its items. Where another does so now, the next look promotes.
    """
    if not session.scalar(select(func.pg_try_advisory_xact_lock(_LOCKS, func.hashtext(catalog)))):
        return False
    pending = _pending(session, catalog)
    marked = marked_revisions(session, catalog, pending)
    hopeful = {item_id: tag for item_id, tag in marked.items() if tag != pending[item_id]}
    wanted = _wanted(session, catalog, dict(sorted(hopeful.items())[:AT_ONCE]))
    ready = {item_id: wanted[item_id].revision for item_id in ready_items(session, catalog, wanted)}
    row = _locked(session, catalog) if ready else None
    if row is None:
        return False
    served = _serve(session, catalog, ready)
    if served:
        row.change_counter += 1
        session.add(
            CatalogChange(catalog=catalog, type="served", at=utc_now(), commit=row.commit or "", items=sorted(served))
        )
        notify(session, catalog)
    session.commit()
    return bool(served)


def _pending(session: Session, catalog: str) -> dict[str, str | None]:
    """The items that are not served at what is published, each with the tag of the revision that it is served at."""
    rows = session.execute(
        select(CatalogItem.item_id, CatalogItem.served_revision).where(
            CatalogItem.catalog == catalog,
            ~CatalogItem.retired,
            CatalogItem.served_revision.is_distinct_from(CatalogItem.published_revision),
        )
    )
    return {row.item_id: row.served_revision and revision_tag(row.served_revision) for row in rows}


def _wanted(session: Session, catalog: str, tags: Mapping[str, str]) -> dict[str, Wanted]:
    """The revisions behind the tags, which hold a part of their hash; unknown ones are left out."""
    rows = session.execute(
        select(
            ItemRevision.item_id,
            ItemRevision.revision,
            ItemRevision.plan["automatic"].astext.is_not(None).label("automatic"),
        ).where(ItemRevision.catalog == catalog, or_(false(), *(_tagged(*each) for each in tags.items())))
    )
    return {row.item_id: Wanted.of(row.revision, automatic=row.automatic) for row in rows}


def _tagged(item_id: str, tag: str) -> ColumnElement[bool]:
    start = tag.removeprefix(revision_tag(""))
    return (ItemRevision.item_id == item_id) & ItemRevision.revision.startswith(start, autoescape=True)


def _locked(session: Session, name: str) -> Catalog | None:
    """A catalog's row, locked; None where another transaction has it."""
    free = select(Catalog).where(Catalog.name == name).with_for_update(skip_locked=True)
    return session.scalar(free.execution_options(populate_existing=True))


def _serve(session: Session, catalog: str, revisions: Mapping[str, str]) -> list[str]:
    """Set what is served, of items that were not removed meanwhile; gives those."""
    return list(
        session.scalars(
            update(CatalogItem)
            .where(CatalogItem.catalog == catalog, CatalogItem.item_id.in_(revisions), ~CatalogItem.retired)
            .values(served_revision=case(revisions, value=CatalogItem.item_id))
            .returning(CatalogItem.item_id)
            .execution_options(synchronize_session=False)
        )
    )
