"""Fields with given choices: selection, multi-selection; and the choices of other types."""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, ClassVar

from pydantic import JsonValue
from typing_extensions import override

from catalog_compiler.field_types.base import Fault, FieldType, Flaw, Schema
from catalog_compiler.field_types.limits import count, count_flaws
from catalog_compiler.field_types.values import distinct, is_finite, is_number, sameness, storable
from catalog_compiler.model import FieldTypeName, FormField, Operator, Option
from catalog_compiler.problems import Path

FEW = 4
"""Up to so many choices are shown side by side instead of in a list."""
MANY = 12
"""Up to so many choices of which several may be taken are shown as boxes."""
_LONGEST = 100
"""Characters of a choice that a message shows."""


def choice_values(field: FormField) -> list[JsonValue]:
    """The values to choose from, in the author's order."""
    if field.options is not None:
        return [choice.value for choice in field.options]
    return [*(field.validation.enum or ())]


def choice_ui(field: FormField, widget: str | None = None) -> Schema:
    """The words of the choices, and the widget: by default radio buttons for a few, a list for more."""
    ui: Schema = {"ui:widget": widget or ("radio" if len(field.choices) <= FEW else "select")}
    if any(choice.label for choice in field.choices):
        ui["ui:enumNames"] = [choice.label or str(choice.value) for choice in field.choices]
    if any(choice.description for choice in field.choices):
        ui["ui:enumDescriptions"] = [choice.description or "" for choice in field.choices]
    return ui


def canonical(field: FormField, value: JsonValue) -> JsonValue:
    """The choice that a value equals, as the author wrote it."""
    return _lookup(field).get(sameness(value), value)


@dataclass(frozen=True, slots=True)
class _TheVery:
    """Some choices, which are the same as others only where they are the very same object."""

    choices: Sequence[Any]

    def __hash__(self) -> int:
        return id(self.choices)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _TheVery) and self.choices is other.choices


def is_choice(field: FormField, value: JsonValue) -> bool:
    """Whether a value equals one of the choices."""
    return sameness(value) in _lookup(field)


def _lookup(field: FormField) -> Mapping[Hashable, JsonValue]:
    given = field.validation.enum if field.options is None else field.options
    return _made_lookup(_TheVery(given or ()))


@lru_cache(maxsize=32)
def _made_lookup(given: _TheVery) -> Mapping[Hashable, JsonValue]:
    """The choices in a form that is searched at once; a field's are asked for with every value that is checked."""
    values = [one.value if isinstance(one, Option) else one for one in given.choices]
    return {sameness(value): value for value in reversed(values)}


def _in_words(value: JsonValue) -> str:
    """A choice as it stands in YAML, texts in quotes."""
    return f"'{_plain(value)}'" if isinstance(value, str) else _plain(value)


def _plain(value: JsonValue) -> str:
    """A choice as people read it, cut where it is long."""
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def not_an_option(field: FormField, value: JsonValue) -> Iterator[Fault]:
    """A value that is none of the choices."""
    if not is_choice(field, value):
        choices = choice_values(field)
        shown = ", ".join(_plain(choice) for choice in choices[:MANY])
        more = f" and {len(choices) - MANY} more" if len(choices) > MANY else ""
        yield Fault(code="not-an-option", text=f"must be one of {shown}{more}")


def choice_flaws(field: FormField, kinds: AbstractSet[str]) -> Iterator[Flaw]:
    """Problems of `enum` or `options`: both at once, values of another kind than the field's, the same value twice."""
    listed = field.options is not None
    if listed and field.validation.enum is not None:
        yield Flaw(("options",), "invalid-value", "a field has either 'options' or 'validation.enum'; drop one")
    seen: set[Hashable] = set()
    for place, value in enumerate(choice_values(field)):
        path: Path = ("options", place, "value") if listed else ("validation", "enum", place)
        if _json_type(value) not in kinds or not _usable(value):
            words = " or ".join(sorted(kinds))
            yield Flaw(
                path, "invalid-value", f"the choice {_in_words(value)} can't be a value of this field; write a {words}"
            )
        elif sameness(value) in seen:
            yield Flaw(path, "invalid-value", f"the choice {_in_words(value)} is there twice; drop one")
        seen.add(sameness(value))


def _usable(value: JsonValue) -> bool:
    return storable(value) if isinstance(value, str) else not is_number(value) or is_finite(value)


def _json_type(value: JsonValue) -> str:
    """The JSON Schema type of one choice."""
    if isinstance(value, str):
        return "string"
    if isinstance(value, bool):
        return "boolean"
    return "integer" if isinstance(value, int) else "number"


def _shared_type(values: Sequence[JsonValue]) -> str | None:
    """The JSON Schema type of all choices together, or None where they are of several."""
    types = {_json_type(value) for value in values}
    if types == {"integer", "number"}:
        return "number"
    return types.pop() if len(types) == 1 else None


def _enum(field: FormField) -> Schema:
    values = choice_values(field)
    kind = _shared_type(values)
    return ({"type": kind} if kind else {}) | {"enum": values}


def _missing_choices(field: FormField) -> Iterator[Flaw]:
    if not choice_values(field):
        yield Flaw(
            ("validation",),
            "missing-enum",
            f"a {field.type} needs something to choose from; list the values under 'validation.enum'",
        )


class Selection(FieldType):
    """One of the choices."""

    name: ClassVar[FieldTypeName] = "selection"
    validation_keys = frozenset({"enum"})

    @override
    def schema(self, field: FormField) -> Schema:
        schema = _enum(field)
        return schema | {"not": {"const": ""}} if field.required and "" in choice_values(field) else schema

    @override
    def ui(self, field: FormField) -> Schema:
        return choice_ui(field)

    @override
    def faults(self, field: FormField, value: JsonValue, now: datetime | None) -> Iterator[Fault]:
        if field.required and value == "":
            yield Fault(code="required", text="must not be empty; choose a value")
        elif isinstance(value, list | dict):
            yield Fault(code="wrong-type", text="must be one value")
        else:
            yield from not_an_option(field, value)

    @override
    def normal(self, field: FormField, value: JsonValue) -> JsonValue:
        return canonical(field, value)

    @override
    def flaws(self, field: FormField) -> Iterator[Flaw]:
        yield from _missing_choices(field)
        yield from choice_flaws(field, {"string", "integer", "number", "boolean"})


class MultiSelection(FieldType):
    """Any number of the choices; `min` counts once something is chosen, so that an optional field may stay empty."""

    name: ClassVar[FieldTypeName] = "multi-selection"
    validation_keys = frozenset({"min", "max", "enum"})

    @override
    def schema(self, field: FormField) -> Schema:
        schema: Schema = {"type": "array", "items": _enum(field), "uniqueItems": True}
        low, high = count(field.validation.min) or 0, count(field.validation.max)
        if field.required:
            schema["minItems"] = max(low, 1)
        elif low > 1:
            schema["not"] = {"type": "array", "minItems": 1, "maxItems": low - 1}
        if high is not None:
            schema["maxItems"] = high
        return schema

    @override
    def ui(self, field: FormField) -> Schema:
        return choice_ui(field, "checkboxes" if len(field.choices) <= MANY else "select")

    @override
    def faults(self, field: FormField, value: JsonValue, now: datetime | None) -> Iterator[Fault]:
        if not isinstance(value, list):
            yield Fault(code="wrong-type", text="must be a list")
            return
        yield from _count_faults(field, value)
        # One more than there are choices is enough to hold a repetition or a stranger.
        yield from _item_faults(field, value[: len(choice_values(field)) + 1])

    @override
    def normal(self, field: FormField, value: JsonValue) -> JsonValue:
        return [canonical(field, part) for part in value] if isinstance(value, list) else value

    @override
    def flaws(self, field: FormField) -> Iterator[Flaw]:
        yield from _missing_choices(field)
        yield from choice_flaws(field, {"string", "integer", "number", "boolean"})
        yield from count_flaws(field, "choices")
        low = count(field.validation.min) or 0
        number = len(choice_values(field))
        if number and low > number:
            message = f"min {low} is more than the {number} choices there are; lower min"
            yield Flaw(("validation", "min"), "invalid-range", message)

    @override
    def equal(self, value: JsonValue, operand: JsonValue) -> bool:
        return (
            isinstance(value, list)
            and isinstance(operand, list)
            and _within(value, operand)
            and _within(operand, value)
        )

    @override
    def holds(self, operator: Operator, value: JsonValue, operand: JsonValue) -> bool:
        if operator in {"eq", "ne"}:
            return super().holds(operator, value, operand)
        operands = operand if isinstance(operand, list) else [operand]
        common = isinstance(value, list) and any(_within([part], operands) for part in value)
        return common if operator == "in" else not common

    @override
    def equal_schema(self, operand: JsonValue) -> Schema:
        wanted = operand if isinstance(operand, list) else [operand]
        return {"type": "array", "minItems": len(wanted), "maxItems": len(wanted), "items": {"enum": wanted}}

    @override
    def any_schema(self, operands: Sequence[JsonValue]) -> Schema:
        return {"type": "array", "contains": {"enum": distinct(operands)}}

    @override
    def operand_problem(self, field: FormField, operator: Operator, operand: JsonValue) -> str | None:
        if operator in {"in", "not_in"}:
            fault = next(not_an_option(field, operand), None)
            return f"can never be chosen: it {fault.text}" if fault else None
        if not isinstance(operand, list):
            return "must be a list of choices; use 'in' to ask whether one of them is chosen"
        return super().operand_problem(field, operator, operand)


def _within(values: Sequence[JsonValue], others: Sequence[JsonValue]) -> bool:
    return set(map(sameness, values)) <= set(map(sameness, others))


def _count_faults(field: FormField, chosen: list[JsonValue]) -> Iterator[Fault]:
    low, high = count(field.validation.min) or 0, count(field.validation.max)
    if field.required and not chosen:
        yield Fault(code="required", text="must not be empty; choose at least one")
    elif chosen and len(chosen) < low:
        yield Fault(code="too-few", text=f"must have at least {low} chosen")
    if high is not None and len(chosen) > high:
        yield Fault(code="too-many", text=f"must have at most {high} chosen")


def _item_faults(field: FormField, chosen: list[JsonValue]) -> Iterator[Fault]:
    for value in chosen:
        fault = next(not_an_option(field, value), None)
        if fault:
            yield Fault(code=fault.code, text=f"{fault.text}; at least one of the chosen is not")
            break
    if len(set(map(sameness, chosen))) < len(chosen):
        yield Fault(code="duplicate-option", text="must not name the same choice twice")
