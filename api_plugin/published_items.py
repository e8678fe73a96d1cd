"""The items of a catalog as they were last published, for callers who may see only some of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from api_plugin.permissions import Permission
from api_plugin.principals import Principal
from api_plugin.store.catalog import IS_PUBLISHED, CatalogItem, ItemRevision
from api_plugin.visibility import sees_item
from catalog_compiler.model import Access, drop_free_keys


@dataclass(frozen=True, kw_only=True, slots=True)
class PublishedItem:
    """An item at its newest valid revision."""

    item_id: str
    file: str
    served_revision: str | None
    valid: bool
    """Whether the published commit's file is valid."""
    retired: bool
    access: Access | None


def published_items(session: Session, catalog: str, item_ids: Iterable[str] | None = None) -> dict[str, PublishedItem]:
    """The items by id, retired ones too; all of them, or those of the ids that were ever published."""
    query = (
        select(
            CatalogItem.item_id,
            CatalogItem.served_revision,
            CatalogItem.valid,
            CatalogItem.retired,
            ItemRevision.file,
            ItemRevision.document["header"]["access"].label("access"),
        )
        .join(ItemRevision, IS_PUBLISHED)
        .where(CatalogItem.catalog == catalog)
    )
    if item_ids is not None:
        query = query.where(CatalogItem.item_id.in_(list(item_ids)))
    return {
        row.item_id: PublishedItem(
            item_id=row.item_id,
            file=row.file,
            served_revision=row.served_revision,
            valid=row.valid,
            retired=row.retired,
            access=Access.model_validate(drop_free_keys(row.access)) if row.access is not None else None,
        )
        for row in session.execute(query)
    }


def sees_published(caller: Principal, item: PublishedItem | None) -> bool:
    """Whether the caller may know of an item.

    What was never published has no `access` that holds, so that only who sees everything may know of it.
    """
    if item is None:
        return caller.may(Permission.REQUEST_READ_ALL)
    return sees_item(caller, item.access)
