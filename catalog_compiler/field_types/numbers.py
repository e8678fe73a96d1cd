"""Fields that hold a number or a yes or no: integer, number, boolean."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, ClassVar

from pydantic import JsonValue
from typing_extensions import override

from catalog_compiler.field_types.base import EQUALITY, ORDERING, Bound, Fault, FieldType, Flaw, Schema
from catalog_compiler.field_types.choices import canonical, choice_flaws, choice_ui, choice_values, not_an_option
from catalog_compiler.field_types.limits import value_flaws
from catalog_compiler.field_types.values import is_finite, is_number
from catalog_compiler.model import FieldTypeName, FormField, Operator

SAFE_INTEGER = 2**53 - 1
"""The largest whole number that browsers keep exactly (RFC 7493); the limit where a field names none."""

_KEYWORDS = {"gt": "exclusiveMinimum", "gte": "minimum", "lt": "exclusiveMaximum", "lte": "maximum"}


class Number(FieldType):
    """A number; `min` and `max` are values."""

    name: ClassVar[FieldTypeName] = "number"
    operators = EQUALITY | ORDERING
    validation_keys = frozenset({"min", "max", "enum"})

    def limits(self, field: FormField) -> tuple[Bound, Bound]:
        """The smallest and the largest value."""
        return field.validation.min, field.validation.max

    @override
    def schema(self, field: FormField) -> Schema:
        low, high = self.limits(field)
        schema: Schema = {"type": self.name}
        if low is not None:
            schema["minimum"] = low
        if high is not None:
            schema["maximum"] = high
        return schema | ({"enum": choice_values(field)} if field.choices else {})

    @override
    def ui(self, field: FormField) -> Schema:
        return choice_ui(field) if field.choices else {"ui:widget": "updown"}

    @override
    def faults(self, field: FormField, value: JsonValue, now: datetime | None) -> Iterator[Fault]:
        if not isinstance(value, int | float) or not self.fits(value):
            text = f"must be a {'whole number' if self.name == 'integer' else 'number'}"
            yield Fault(code="wrong-type", text=text, rule=None if is_finite(value) else "double")
            return
        low, high = self.limits(field)
        if isinstance(low, int | float) and value < low:
            yield Fault(code="too-small", text=f"must be at least {low}")
        if (isinstance(high, int | float) and value > high) or not is_finite(value):
            text = f"must be at most {high}" if high is not None else "is too large a number"
            yield Fault(code="too-large", text=text, rule=None if is_finite(value) else "double")
        if field.choices:
            yield from not_an_option(field, value)

    def fits(self, value: JsonValue) -> bool:
        """Whether a value is of this kind of number at all."""
        return is_number(value) and (isinstance(value, int) or is_finite(value))

    @override
    def normal(self, field: FormField, value: JsonValue) -> JsonValue:
        return canonical(field, value)

    @override
    def flaws(self, field: FormField) -> Iterator[Flaw]:
        yield from value_flaws(field, whole=False)
        yield from choice_flaws(field, {"integer", "number"})

    @override
    def order_key(self, value: JsonValue) -> Any:
        return value if self.fits(value) else None

    @override
    def order_schema(self, operator: Operator, operand: JsonValue) -> Schema:
        return {"type": "number", _KEYWORDS[operator]: operand}


class Integer(Number):
    """A whole number that a browser keeps exactly; 3.0 counts as 3."""

    name: ClassVar[FieldTypeName] = "integer"

    @override
    def limits(self, field: FormField) -> tuple[Bound, Bound]:
        low, high = field.validation.min, field.validation.max
        return -SAFE_INTEGER if low is None else low, SAFE_INTEGER if high is None else high

    @override
    def fits(self, value: JsonValue) -> bool:
        return super().fits(value) and (isinstance(value, int) or (isinstance(value, float) and value.is_integer()))

    @override
    def normal(self, field: FormField, value: JsonValue) -> JsonValue:
        return int(value) if isinstance(value, float) else canonical(field, value)

    @override
    def flaws(self, field: FormField) -> Iterator[Flaw]:
        yield from value_flaws(field, whole=True)
        yield from choice_flaws(field, {"integer"})
        for key, bound in (("min", field.validation.min), ("max", field.validation.max)):
            if isinstance(bound, int) and abs(bound) > SAFE_INTEGER:
                message = f"{key} {bound} is beyond what browsers keep exactly; use at most {SAFE_INTEGER}"
                yield Flaw(("validation", key), "invalid-range", message)


class Boolean(FieldType):
    """A box to tick. An unticked one is false, so an absent one is, too."""

    name: ClassVar[FieldTypeName] = "boolean"
    validation_keys = frozenset()
    implicit_default: ClassVar[JsonValue] = False

    @override
    def schema(self, field: FormField) -> Schema:
        return {"type": "boolean"}

    @override
    def ui(self, field: FormField) -> Schema:
        return {"ui:widget": "checkbox"}

    @override
    def faults(self, field: FormField, value: JsonValue, now: datetime | None) -> Iterator[Fault]:
        if not isinstance(value, bool):
            yield Fault(code="wrong-type", text="must be true or false")
