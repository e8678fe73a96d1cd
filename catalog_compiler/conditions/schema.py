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
    """One comparison. A hidden field is empty, whatever a form may still hold of it; an absent one is its default."""
    test: Schema = {"type": "object", "properties": {field.id: _value_schema(condition, field)}}
    if not default_holds(condition, field):
        test["required"] = [field.id]
    if field.conditional is None:
        return test
    shown = visible[field.id]
    return {"anyOf": [{"not": shown}, test]} if empty_holds(condition) else {"allOf": [shown, test]}


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
            inner = sizes[other.id]
            count, depth = count + 1 + inner[0], max(depth, 1 + inner[1])
        sizes[field.id] = (count, depth)
    return sizes
