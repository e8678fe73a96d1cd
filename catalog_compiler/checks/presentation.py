"""Checks of the form: unique ids and orders; what a field allows, and conditions, are checked by their own modules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from catalog_compiler.conditions import check_conditions
from catalog_compiler.field_types import check_definition
from catalog_compiler.field_types.value_schema import MOST_PARTS, parts_of
from catalog_compiler.findings import Finding

if TYPE_CHECKING:
    from catalog_compiler.model import FormField, Group, Item
    from catalog_compiler.problems import Path


def check_presentation(item: Item) -> Iterator[Finding]:
    """What is wrong with the form of an item."""
    groups = item.presentation.groups
    yield from _orders("group", [(("presentation", "groups", place), group) for place, group in enumerate(groups)])
    yield from _group_ids(groups)
    yield from _field_ids(groups)
    parts = 0
    for place, group in enumerate(groups):
        fields: list[tuple[Path, FormField]] = [
            (("presentation", "groups", place, "fields", position), field)
            for position, field in enumerate(group.fields)
        ]
        yield from _orders("field", fields)
        for path, field in fields:
            if field.validation.json_schema is not None:
                parts += parts_of(field.validation.json_schema)
                if parts > MOST_PARTS:
                    yield _large_schema((*path, "validation", "schema"))
                    continue
            for inner, code, message, hint in check_definition(field):
                yield Finding(path=(*path, *inner), code=code, message=message, hint=hint)
    if not item.fields:
        yield Finding(
            path=("presentation", "groups"),
            code="invalid-value",
            message="the form has no field; give at least one group a field",
        )
    for path, code, message, hint in check_conditions(item):
        yield Finding(path=path, code=code, message=message, hint=hint)


def _large_schema(path: Path) -> Finding:
    return Finding(
        path=path,
        code="invalid-value",
        message=f"the schemas for values have more than {MOST_PARTS} parts up to here; make them smaller",
    )


def _group_ids(groups: tuple[Group, ...]) -> Iterator[Finding]:
    seen: set[str] = set()
    for place, group in enumerate(groups):
        if group.id in seen:
            yield Finding(
                path=("presentation", "groups", place, "id"),
                code="duplicate-id",
                message=f"another group has the id '{group.id}' already; rename one of the two",
            )
        seen.add(group.id)


def _field_ids(groups: tuple[Group, ...]) -> Iterator[Finding]:
    seen: dict[str, str] = {}
    for place, group in enumerate(groups):
        for position, field in enumerate(group.fields):
            if field.id in seen:
                yield Finding(
                    path=("presentation", "groups", place, "fields", position, "id"),
                    code="duplicate-id",
                    message=f"the group '{seen[field.id]}' has a field '{field.id}' already; rename one of the two",
                )
            seen.setdefault(field.id, group.id)


def _orders(kind: str, siblings: Iterable[tuple[Path, Group | FormField]]) -> Iterator[Finding]:
    seen: dict[int, str] = {}
    for path, sibling in siblings:
        if sibling.order in seen:
            yield Finding(
                path=(*path, "order"),
                code="duplicate-order",
                message=f"the {kind} '{seen[sibling.order]}' has the order {sibling.order} already; give each its own",
            )
        seen.setdefault(sibling.order, sibling.id)
