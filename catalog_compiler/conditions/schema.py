"""Conditions as JSON Schema: what a form puts after `if`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from catalog_compiler.conditions.meaning import evaluation_order, leaves
from catalog_compiler.field_types import FIELD_TYPES, Schema
from catalog_compiler.field_types.base import ORDERING
from catalog_compiler.field_types.values import is_empty
from catalog_compiler.model import Condition, FormField

EMPTY_HOLDS = frozenset({"ne", "not_in"})


def condition_schemas(fields: Sequence[FormField]) -> dict[str, Schema]:
    """For each field with a condition, a schema that an otherwise valid submission meets where the field is visible."""
    by_id = {field.id: field for field in fields}
    schemas: dict[str, Schema] = {}
    for field in evaluation_order(fields):
        if field.conditional is not None:
            schemas[field.id] = _schema(field.conditional, by_id, schemas)
    return schemas


def given(field_id: str) -> Schema:
    """A schema for the submissions that hold a field."""
    return {"type": "object", "properties": {field_id: {}}, "required": [field_id]}


def _schema(condition: Condition, fields: Mapping[str, FormField], visible: Mapping[str, Schema]) -> Schema:
    if condition.all is not None:
        return {"allOf": [_schema(part, fields, visible) for part in condition.all]}
    if condition.any is not None:
        return {"anyOf": [_schema(part, fields, visible) for part in condition.any]}
    if condition.negated is not None:
        return {"not": _schema(condition.negated, fields, visible)}
    return _comparison(condition, fields[condition.field or ""], visible)


def _comparison(condition: Condition, field: FormField, visible: Mapping[str, Schema]) -> Schema:
    """One comparison. Of an absent field, its default decides where it is visible, its emptiness where it is hidden."""
    when_empty, when_visible = empty_holds(condition), default_holds(condition, field)
    test: Schema = {"type": "object", "properties": {field.id: _value_schema(condition, field)}}
    if when_visible and (when_empty or field.conditional is None):
        return test
    present = test | {"required": [field.id]}
    if not needs_visibility(condition, field):
        return present
    shown = visible[field.id]
    absent_and = shown if when_visible else {"not": shown}
    return {"anyOf": [present, {"allOf": [{"not": given(field.id)}, absent_and]}]}


def needs_visibility(condition: Condition, field: FormField) -> bool:
    """Whether an absent field decides differently as it is hidden or counts as its default."""
    return field.conditional is not None and empty_holds(condition) != default_holds(condition, field)


def empty_holds(condition: Condition) -> bool:
    """What a comparison says of an empty field."""
    return condition.operator in EMPTY_HOLDS


def default_holds(condition: Condition, field: FormField) -> bool:
    """What a comparison says of a visible field that is absent."""
    kind = FIELD_TYPES[field.type]
    default = kind.default(field)
    if is_empty(default) or condition.operator is None:
        return empty_holds(condition)
    return kind.holds(condition.operator, default, condition.value)


def _value_schema(condition: Condition, field: FormField) -> Schema:
    kind, operator, operand = FIELD_TYPES[field.type], condition.operator, condition.value
    if operator in ORDERING and operator is not None:
        return kind.order_schema(operator, operand)
    if operator in {"in", "not_in"} and isinstance(operand, list):
        equal = kind.any_schema(operand)
    else:
        equal = kind.equal_schema(operand)
    return {"not": equal} if operator in EMPTY_HOLDS else equal


def expanded_size(fields: Sequence[FormField]) -> dict[str, tuple[int, int]]:
    """For each field, how many comparisons its condition becomes in a schema, and how deep they stand in each other."""
    by_id = {field.id: field for field in fields}
    sizes: dict[str, tuple[int, int]] = {}
    for field in evaluation_order(fields):
        count, depth = 0, 0
        for _, leaf in leaves(field.conditional) if field.conditional else ():
            other = by_id[leaf.field or ""]
            inner = sizes[other.id] if needs_visibility(leaf, other) else (0, 0)
            count, depth = count + 1 + inner[0], max(depth, 1 + inner[1])
        sizes[field.id] = (count, depth)
    return sizes
