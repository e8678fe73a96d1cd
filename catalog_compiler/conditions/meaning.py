"""What conditions mean. Also used for the `when` of actions, by the hosts that run them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from graphlib import TopologicalSorter

from pydantic import JsonValue

from catalog_compiler.field_types import FIELD_TYPES
from catalog_compiler.field_types.values import is_empty
from catalog_compiler.model import Condition, FormField, Item
from catalog_compiler.problems import Path


def holds(condition: Condition, values: Mapping[str, JsonValue], types: Mapping[str, str]) -> bool:
    """Whether a condition is true.

    Args:
        condition: a valid one.
        values: those of the visible fields, defaults applied; a field that is not there is empty.
        types: field types by field id.
    """
    if condition.all is not None:
        return all(holds(part, values, types) for part in condition.all)
    if condition.any is not None:
        return any(holds(part, values, types) for part in condition.any)
    if condition.negated is not None:
        return not holds(condition.negated, values, types)
    if condition.field is None or condition.operator is None:
        raise ValueError("a condition names a field and an operator, or is 'all', 'any' or 'not'")
    value = values.get(condition.field)
    if is_empty(value):
        return condition.operator in {"ne", "not_in"}
    return FIELD_TYPES[types[condition.field]].holds(condition.operator, value, condition.value)


def referenced_fields(condition: Condition) -> tuple[tuple[Path, str], ...]:
    """The fields that a condition names, each with the place of its name, counted from the condition."""
    return tuple(((*path, "field"), leaf.field) for path, leaf in leaves(condition) if leaf.field is not None)


def leaves(condition: Condition, path: Path = ()) -> Iterator[tuple[Path, Condition]]:
    """The comparisons of a condition, each with its place."""
    parts = [
        *(((*path, "all", place), part) for place, part in enumerate(condition.all or ())),
        *(((*path, "any", place), part) for place, part in enumerate(condition.any or ())),
        *([((*path, "not"), condition.negated)] if condition.negated else []),
    ]
    for at, part in parts:
        yield from leaves(part, at)
    if not parts:
        yield path, condition


def dependencies(fields: Sequence[FormField]) -> dict[str, set[str]]:
    """The fields that each field's condition names, as far as there are such fields."""
    ids = {field.id for field in fields}
    return {
        field.id: {name for _, name in referenced_fields(field.conditional) if name in ids}
        if field.conditional
        else set()
        for field in fields
    }


def evaluation_order(fields: Sequence[FormField]) -> tuple[FormField, ...]:
    """The fields, each behind those that its condition names.

    Raises:
        graphlib.CycleError: if fields depend on themselves.
    """
    by_id = {field.id: field for field in fields}
    return tuple(by_id[name] for name in TopologicalSorter(dependencies(fields)).static_order())


def visible_fields(item: Item, submitted: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """The visible fields of a valid item, each with its submitted value or default; None where it is empty."""
    types = {field.id: field.type for field in item.fields}
    visible: dict[str, JsonValue] = {}
    for field in evaluation_order(item.fields):
        if field.conditional is None or holds(field.conditional, visible, types):
            visible[field.id] = submitted[field.id] if field.id in submitted else FIELD_TYPES[field.type].default(field)
    return visible
