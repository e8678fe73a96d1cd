"""What is wrong in a catalog's published commit, as far as a caller may know."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy.orm import Session

from api_plugin.datamodels.publishing import CatalogValidation, InvalidItem, ItemValidation, ProblemAnswer
from api_plugin.principals import Principal
from api_plugin.published_items import PublishedItem, published_items, sees_published
from api_plugin.store.catalog import Catalog
from catalog_compiler.catalog_settings import SETTINGS_FILE


def catalog_validation(session: Session, catalog: str, caller: Principal) -> CatalogValidation:
    """The report of the whole catalog, without what is wrong with items that the caller may not see."""
    row = session.get_one(Catalog, catalog, populate_existing=True)
    items = published_items(session, catalog)
    by_file = _by_file(items)
    seen = [
        problem
        for problem in row.problems
        if problem["file"] == SETTINGS_FILE or sees_published(caller, _item_of(problem, items, by_file))
    ]
    errors, warnings = _parted(seen)
    return CatalogValidation(
        valid=not errors,
        commit=row.commit,
        errors=errors,
        warnings=warnings,
        invalid=[
            InvalidItem(item_id=item.item_id, served_revision=item.served_revision)
            for item in items.values()
            if not item.valid and not item.retired and sees_published(caller, item)
        ],
    )


def item_validation(session: Session, catalog: str, item_id: str, caller: Principal) -> ItemValidation | None:
    """The report of one item; None where the caller may know of no such item."""
    row = session.get_one(Catalog, catalog, populate_existing=True)
    items = published_items(session, catalog)
    by_file = _by_file(items)
    item = items.get(item_id)
    found = [
        problem
        for problem in row.problems
        if problem["item_id"] == item_id or (item is not None and _item_of(problem, items, by_file) is item)
    ]
    known = found if item is None else not item.retired
    if not known or not sees_published(caller, item):
        return None
    errors, warnings = _parted(found)
    valid = not errors and item is not None and item.valid
    return ItemValidation(
        valid=valid,
        commit=row.commit,
        errors=errors,
        warnings=warnings,
        served_revision=None if valid or item is None else item.served_revision,
    )


def _by_file(items: Mapping[str, PublishedItem]) -> dict[str, PublishedItem]:
    return {item.file: item for item in items.values() if not item.retired}


def _item_of(
    problem: Mapping[str, Any], items: Mapping[str, PublishedItem], by_file: Mapping[str, PublishedItem]
) -> PublishedItem | None:
    """The item that a problem is of: by its id, or by its file where that is too broken to tell."""
    if problem["item_id"] is not None:
        return items.get(problem["item_id"])
    return by_file.get(problem["file"])


def _parted(problems: Iterable[Mapping[str, Any]]) -> tuple[list[ProblemAnswer], list[ProblemAnswer]]:
    def of(severity: str) -> Iterator[ProblemAnswer]:
        return (ProblemAnswer.model_validate(one) for one in problems if one["severity"] == severity)

    return list(of("error")), list(of("warning"))
