"""The actions of revisions of items, by name, with their types: looked up once in each process."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from sqlalchemy.orm import Session

from api_plugin.store.catalog import ItemRevision
from catalog_compiler.plan import ItemPlan


class Revision(NamedTuple):
    """The key of an item's revision, as tables have it."""

    catalog: str
    item_id: str
    revision: str


_known: dict[Revision, Mapping[str, str]] = {}
"""A revision never changes, and few have requests at a time."""
_KEPT = 1000


def automatic_actions(session: Session, revisions: Iterable[Revision]) -> dict[Revision, Mapping[str, str]]:
    """For each revision, the names of its automatic way's actions, each with its type; none where it is gone."""
    found = {}
    for revision in revisions:
        known = _known.get(revision)
        if known is None:
            row = session.get(ItemRevision, tuple(revision))
            way = ItemPlan.model_validate(row.plan).automatic if row is not None else None
            known = {action.name: action.type for action in way.actions} if way else {}
            if len(_known) >= _KEPT:
                _known.clear()
            _known[revision] = known
        found[revision] = known
    return found
