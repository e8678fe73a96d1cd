"""Checks of `min` and `max` where they are numbers: lengths, sizes, counts and values."""

from __future__ import annotations

from collections.abc import Iterator

from catalog_compiler.field_types.base import Bound, Flaw
from catalog_compiler.field_types.values import is_finite, is_number
from catalog_compiler.model import FormField


def count(bound: Bound) -> int | None:
    """A bound that counts something, or None where there is none."""
    return bound if isinstance(bound, int) else None


def count_flaws(field: FormField, what: str) -> Iterator[Flaw]:
    """Problems of `min` and `max` that count something, for example `characters`: whole numbers from 0, in order."""
    limits = field.validation
    for key, bound in (("min", limits.min), ("max", limits.max)):
        if bound is not None and (not isinstance(bound, int) or bound < 0):
            yield Flaw(
                ("validation", key),
                "invalid-range",
                f"{key} {bound!r} is no number of {what}; for a {field.type} field it must be a whole number from 0",
            )
    yield from order_flaws(field, count(limits.min), count(limits.max))
    if field.required and count(limits.max) == 0:
        yield Flaw(
            ("validation", "max"),
            "invalid-range",
            "max 0 leaves no value for a required field; raise max or drop required",
        )


def value_flaws(field: FormField, *, whole: bool) -> Iterator[Flaw]:
    """Problems of `min` and `max` that are values of the field themselves."""
    limits = field.validation
    for key, bound in (("min", limits.min), ("max", limits.max)):
        if bound is not None and not (isinstance(bound, int) or (not whole and is_number(bound) and is_finite(bound))):
            kind = "whole number" if whole else "number"
            yield Flaw(
                ("validation", key),
                "invalid-range",
                f"{key} {bound!r} is no {kind}, as the field's values are; write one",
            )
    low = limits.min if is_number(limits.min) else None
    high = limits.max if is_number(limits.max) else None
    yield from order_flaws(field, low, high)


def order_flaws(field: FormField, low: Bound, high: Bound) -> Iterator[Flaw]:
    """A `min` above its `max`; both are of one kind that has an order."""
    if low is not None and high is not None and low > high:  # type: ignore[operator]
        written = field.validation
        yield Flaw(
            ("validation", "min"),
            "invalid-range",
            f"min {written.min} is greater than max {written.max}; swap them or raise max",
        )
