# ruff: noqa: ARG002 - the defaults here know nothing of the field that subclasses look at
"""What a field type is: everything the compiler and the API know of one kind of input.

A new type is one subclass and one entry in `FIELD_TYPES`; forms, submissions, conditions and checks ask it.
"""

from __future__ import annotations

import operator as compare_by
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Literal, NamedTuple

from pydantic import JsonValue

from catalog_compiler.field_types.values import distinct, same_json
from catalog_compiler.model import FieldTypeName, FormField, Operator, Validation
from catalog_compiler.problems import Code, Path
from catalog_compiler.server_rules import ServerRule

Schema = dict[str, Any]
"""A JSON Schema or a part of a UI schema."""

FaultCode = Literal[
    "required",
    "unknown-field",
    "hidden-field",
    "null",
    "wrong-type",
    "too-short",
    "too-long",
    "too-small",
    "too-large",
    "too-few",
    "too-many",
    "too-early",
    "too-late",
    "too-deep",
    "duplicate-option",
    "not-an-option",
    "pattern-mismatch",
    "line-break",
    "invalid-characters",
    "invalid-format",
    "invalid-json",
    "invalid-yaml",
    "schema-mismatch",
    "reserved-key",
    "content-type",
]
"""The stable codes of a submission's field errors."""

Bound = int | float | str | None

EQUALITY: frozenset[Operator] = frozenset({"eq", "ne", "in", "not_in"})
ORDERING: frozenset[Operator] = frozenset({"gt", "lt", "gte", "lte"})
COMPARISONS: dict[Operator, Callable[[Any, Any], bool]] = {
    "gt": compare_by.gt,
    "lt": compare_by.lt,
    "gte": compare_by.ge,
    "lte": compare_by.le,
}


class Flaw(NamedTuple):
    """What is wrong with a definition; `path` counts from what was checked."""

    path: Path
    code: Code
    message: str
    hint: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """One thing wrong with a submitted value. `text` continues the field's name, and never tells the value."""

    code: FaultCode
    text: str
    rule: ServerRule | None = None
    """What the form's schema does not say; None where it refuses the value, too."""


class FieldType(ABC):
    """One kind of input. Stateless; every method is handed the field's definition."""

    name: ClassVar[FieldTypeName]
    operators: ClassVar[frozenset[Operator]] = EQUALITY
    """The condition operators that fit."""
    validation_keys: ClassVar[frozenset[str]] = frozenset({"min", "max"})
    """The keys of `validation` that have a meaning here."""
    implicit_default: ClassVar[JsonValue] = None
    """The default of a field that names none."""

    @abstractmethod
    def schema(self, field: FormField) -> Schema:
        """The JSON Schema of a value, without the field's words; valid as 2020-12 and as draft-07."""

    def ui(self, field: FormField) -> Schema:
        """What react-jsonschema-form needs to show the field well."""
        return {}

    def schema_default(self, default: JsonValue) -> JsonValue:
        """The default as a form shows it."""
        return default

    @abstractmethod
    def faults(self, field: FormField, value: JsonValue, now: datetime | None) -> Iterator[Fault]:
        """What is wrong with a value. `now` is None where limits relative to today do not count."""

    def normal(self, field: FormField, value: JsonValue) -> JsonValue:
        """A valid value in the one form in which it is stored."""
        return value

    def flaws(self, field: FormField) -> Iterator[Flaw]:
        """What is wrong with the field's `validation` beyond keys that have no meaning; paths count from the field."""
        yield from ()

    def default(self, field: FormField) -> JsonValue:
        """What an absent visible field counts as; None where that is nothing."""
        return self.implicit_default if field.default is None else field.default

    def equal(self, value: JsonValue, operand: JsonValue) -> bool:
        """Whether a value is what a condition names."""
        return same_json(value, operand)

    def holds(self, operator: Operator, value: JsonValue, operand: JsonValue) -> bool:
        """Whether a value that is not empty satisfies an operator that fits."""
        if operator in ORDERING:
            left, right = self.order_key(value), self.order_key(operand)
            return left is not None and right is not None and COMPARISONS[operator](left, right)
        operands = operand if operator in {"in", "not_in"} and isinstance(operand, list) else [operand]
        found = any(self.equal(value, one) for one in operands)
        return found if operator in {"eq", "in"} else not found

    def order_key(self, value: JsonValue) -> Any:
        """What `gt` and its like compare (numbers, dates), or None for a value that has no order."""
        return None

    def equal_schema(self, operand: JsonValue) -> Schema:
        """A JSON Schema for the values that equal the operand."""
        return {"const": operand}

    def any_schema(self, operands: Sequence[JsonValue]) -> Schema:
        """A JSON Schema for the values that `in` accepts."""
        return {"enum": distinct(operands)}

    def order_schema(self, operator: Operator, operand: JsonValue) -> Schema:
        """A JSON Schema for the values that satisfy `gt`, `lt`, `gte` or `lte`; only for types that have them."""
        raise LookupError(f"{self.name} fields have no order, so '{operator}' does not fit")

    def operand_problem(self, field: FormField, operator: Operator, operand: JsonValue) -> str | None:
        """Why a condition's value is impossible for the field, as the end of a sentence; None where it is possible."""
        if operator in ORDERING and self.order_key(operand) is None:
            return f"is no value of a field of type {self.name}"
        if operator in ORDERING:  # a value to compare with may stand outside the limits
            field = field.model_copy(update={"validation": Validation(), "options": None})
        fault = next(self.faults(field, operand, None), None)
        return f"can never be its value: it {fault.text}" if fault else None
