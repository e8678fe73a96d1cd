"""What a catalog did, as its watchers get it: read from `pao.catalog_change` by sequence, shown as far as one may see.

`published` tells that a commit was published; `served` which items can now be ordered at a newer revision, which is
when a portal does well to load them again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from api_plugin.clock import utc_text
from api_plugin.followed import is_followed
from api_plugin.principals import Principal
from api_plugin.published_items import published_items
from api_plugin.store.catalog import Catalog, CatalogChange, CatalogCommit
from api_plugin.visibility import sees_item
from api_plugin.watch_loop import Message
from catalog_compiler.model import Access

LISTS = ("added", "changed", "removed", "invalid", "items")
"""The parts of a message that name items."""
PAGE = 200
"""Messages that are read together."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CatalogMessage:
    """A message to everyone, and who may read which id in it."""

    catalog: str
    seq: int
    message: Message
    access: Mapping[str, Access]
    """Of the items that not everyone may see, removed ones too: as last published."""

    def shown_to(self, caller: Principal) -> Message | None:
        """What the caller gets: the ids that it may see. Everyone is told of a commit, of `served` who sees some."""
        seen = {
            name: [item_id for item_id in ids if sees_item(caller, self.access.get(item_id))]
            for name, ids in self.message.items()
            if name in LISTS
        }
        if self.message["type"] == "served" and not seen["items"]:
            return None
        return {**self.message, **seen}


def snapshot(session: Session, catalog: str) -> Message | None:
    """Where the catalog stands, for who did not say `since`, or too old a one; None where no such one is followed."""
    followed = select(Catalog.commit).where(Catalog.name == catalog, is_followed())
    row = session.execute(followed).one_or_none() if "\0" not in catalog else None
    if row is None:
        return None
    seq = session.scalar(select(func.max(CatalogChange.seq)).where(CatalogChange.catalog == catalog))
    return {"type": "snapshot", "seq": seq or 0, "catalog": catalog, "commit": row.commit}


def is_forgotten(session: Session, catalog: str, seq: int) -> bool:
    """Whether messages after this number were deleted: then nobody can go on from there without a loss.

    The last one that is deleted is always of a commit, and those stay.
    """
    oldest = select(func.min(CatalogChange.seq)).where(CatalogChange.catalog == catalog).scalar_subquery()
    lost = exists().where(CatalogCommit.catalog == catalog, CatalogCommit.seq > seq, CatalogCommit.seq < oldest)
    return bool(session.scalar(select(lost)))


def messages_after(session: Session, after: Mapping[str, int]) -> list[CatalogMessage]:
    """What these catalogs did after these sequence numbers, in order; at most a page of each."""
    found: list[CatalogMessage] = []
    for catalog, seq in after.items():
        rows = session.execute(
            select(CatalogChange, CatalogCommit)
            .outerjoin(CatalogCommit, CatalogCommit.seq == CatalogChange.seq)
            .where(CatalogChange.catalog == catalog, CatalogChange.seq > seq)
            .order_by(CatalogChange.seq)
            .limit(PAGE)
        ).all()
        messages = [_message(row.CatalogChange, row.CatalogCommit) for row in rows]
        named = {item_id for message in messages for name in LISTS for item_id in message.get(name, ())}
        items = published_items(session, catalog, named).values() if named else ()
        access = {item.item_id: item.access for item in items if item.access is not None}
        found += [
            CatalogMessage(catalog=catalog, seq=message["seq"], message=message, access=access) for message in messages
        ]
    return found


def _message(change: CatalogChange, commit: CatalogCommit | None) -> Message:
    message: Message = {
        "type": change.type,
        "seq": change.seq,
        "at": utc_text(change.at),
        "catalog": change.catalog,
        "commit": change.commit,
    }
    if commit is None:
        return {**message, "items": change.items}
    lists = {"added": commit.added, "changed": commit.changed, "removed": commit.removed, "invalid": commit.invalid}
    return {**message, **lists}
