"""What all JSON values have in common: equality, emptiness, and what no field may hold."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Iterator
from decimal import Decimal

from pydantic import JsonValue

MAX_DEPTH = 50
"""Levels of lists and objects in a value."""

LARGEST_NUMBER = 1.7976931348623157e308
"""The largest number of magnitude that JSON readers agree on (IEEE 754 double)."""


def same_json(left: JsonValue, right: JsonValue) -> bool:
    """Equality as in JSON Schema: 1 and 1.0 are the same, true and 1 are not."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same_json, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same_json(part, right[key]) for key, part in left.items())
    return left == right


def sameness(value: JsonValue) -> Hashable:
    """What is equal for the values of which `same_json` is true, to look one up among many."""
    if isinstance(value, list):
        return "list", tuple(map(sameness, value))
    if isinstance(value, dict):
        return "object", frozenset((key, sameness(part)) for key, part in value.items())
    return isinstance(value, bool), value


def distinct(values: Iterable[JsonValue]) -> list[JsonValue]:
    """The values without repetitions, which validators refuse in an `enum`."""
    found: dict[Hashable, JsonValue] = {}
    for value in values:
        found.setdefault(sameness(value), value)
    return [*found.values()]


def is_empty(value: JsonValue) -> bool:
    """Whether a value says nothing: none, an empty text, an empty selection."""
    return value is None or value in ("", [])


def is_number(value: JsonValue) -> bool:
    """Whether a value is a JSON number; true and false are not."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_finite(value: JsonValue) -> bool:
    """Whether a number is one that JSON and its readers can hold: no NaN, no infinity, not beyond a double."""
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, int) and abs(value) <= Decimal(LARGEST_NUMBER)


def storable(text: str) -> bool:
    """Whether a text can be stored and passed on: no NUL and no lone surrogate."""
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def depth(value: JsonValue) -> int:
    """How many lists and objects stand in each other at most; a plain value has none. Never recurses."""
    deepest, pending = 0, [(value, 0)]
    while pending:
        part, level = pending.pop()
        if isinstance(part, dict | list):
            level += 1
            deepest = max(deepest, level)
            pending.extend((inner, level) for inner in (part.values() if isinstance(part, dict) else part))
    return deepest


def plain_values(value: JsonValue) -> Iterator[JsonValue]:
    """Every text, number, boolean and null in a value, keys of objects included. Never recurses."""
    pending = [value]
    while pending:
        part = pending.pop()
        if isinstance(part, dict):
            pending.extend(part)
            pending.extend(part.values())
        elif isinstance(part, list):
            pending.extend(part)
        else:
            yield part
