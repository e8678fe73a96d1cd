"""Static checks of all conditions of an item: those of fields, and the `when` of actions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from graphlib import CycleError

from pydantic import JsonValue

from catalog_compiler.conditions.meaning import evaluation_order, leaves
from catalog_compiler.conditions.schema import expanded_size
from catalog_compiler.field_types import FIELD_TYPES, Flaw, check_definition
from catalog_compiler.field_types.values import is_empty
from catalog_compiler.findings import circle, listed, nearest
from catalog_compiler.model import Condition, FormField, Item
from catalog_compiler.problems import Path

MAX_COMPARISONS = 500
"""Comparisons that a field's condition may come to, those of the fields it rests on included."""
MAX_CHAIN = 20
"""Conditional fields that may rest on each other in a row."""
_POSSIBLE = "name a value that the field can have"


def check_conditions(item: Item) -> Iterable[Flaw]:
    """Every problem of the item's conditions. Paths count from the item's root."""
    places = field_places(item)
    fields = {field.id: field for field in places.values()}
    form = _Form(fields)
    sound = True
    for path, condition in _conditions(item, places):
        for flaw in _check(path, condition, form):
            sound = False
            yield flaw
    cycle = _cycle(item)
    if cycle:
        path = next(path for path, field in places.items() if field.id == cycle[0])
        message = f"the condition of '{cycle[0]}' depends on itself: {circle(cycle)}; drop one of these conditions"
        yield Flaw((*path, "conditional"), "condition-cycle", message)
    elif sound:
        yield from _too_large(item, places)


def field_places(item: Item) -> dict[Path, FormField]:
    """Every field by its place in the document."""
    return {
        ("presentation", "groups", group_place, "fields", place): field
        for group_place, group in enumerate(item.presentation.groups)
        for place, field in enumerate(group.fields)
    }


@dataclass(frozen=True, slots=True)
class _Form:
    """The fields by id, and which of them have been found to be well defined."""

    fields: Mapping[str, FormField]
    _sound: dict[str, bool] = dataclass_field(default_factory=dict)

    def sound(self, field: FormField) -> bool:
        """Whether a value can be told to be possible for the field; asked with each comparison, found out once."""
        if field.id not in self._sound:
            self._sound[field.id] = not any(check_definition(field))
        return self._sound[field.id]


def _conditions(item: Item, places: Mapping[Path, FormField]) -> Iterator[tuple[Path, Condition]]:
    for path, field in places.items():
        if field.conditional is not None:
            yield (*path, "conditional"), field.conditional
    yield from _action_conditions(item)


def _action_conditions(item: Item) -> Iterator[tuple[Path, Condition]]:
    ways = {"manual": item.fulfillment.manual, "automatic": item.fulfillment.automatic}
    for way, fulfillment in ways.items():
        for place, action in enumerate(fulfillment.actions if fulfillment else ()):
            if action.when is not None:
                yield ("fulfillment", way, "actions", place, "when"), action.when


def _check(path: Path, condition: Condition, form: _Form) -> Iterator[Flaw]:
    yield from _check_form(path, condition)
    for at, leaf in leaves(condition, path):
        if leaf.field is not None and leaf.operator is not None:
            yield from _check_comparison(at, leaf, form)


def _check_form(path: Path, condition: Condition) -> Iterator[Flaw]:
    """Exactly one of a comparison, `all`, `any` and `not`, in every part."""
    forms = {"field": condition.field, "all": condition.all, "any": condition.any, "not": condition.negated}
    given = [name for name, form in forms.items() if form is not None]
    if len(given) != 1:
        named = " and ".join(f"'{name}'" for name in given)
        has = f"{named}; drop all but one" if given else "none of them; add one"
        message = f"a condition has exactly one of 'field', 'all', 'any' and 'not', and this has {has}"
        yield Flaw(path, "invalid-condition", message)
    elif condition.field is None and condition.model_fields_set & {"operator", "value"}:
        message = f"'operator' and 'value' have no meaning beside '{given[0]}'; remove them"
        yield Flaw(path, "invalid-condition", message)
    if condition.field is not None and (condition.operator is None or "value" not in condition.model_fields_set):
        message = "a comparison needs 'field', 'operator' and 'value'; add what is missing"
        yield Flaw(path, "invalid-condition", message)
    for key in ("all", "any"):
        parts = getattr(condition, key)
        if parts is not None and not parts:
            yield Flaw((*path, key), "invalid-condition", f"'{key}' is empty; list at least one condition")
        for place, part in enumerate(parts or ()):
            yield from _check_form((*path, key, place), part)
    if condition.negated is not None:
        yield from _check_form((*path, "not"), condition.negated)


def _check_comparison(path: Path, leaf: Condition, form: _Form) -> Iterator[Flaw]:
    fields = form.fields
    field = fields.get(leaf.field or "")
    if field is None:
        near = nearest(leaf.field or "", fields)
        hint = f"did you mean '{near}'?" if near else f"the fields are {listed(fields)}"
        message = f"'{leaf.field}' is not a field of this item"
        yield Flaw((*path, "field"), "unknown-condition-field", message, hint)
        return
    operators = FIELD_TYPES[field.type].operators
    if leaf.operator not in operators:
        known = f"use one of {', '.join(sorted(operators))}" if operators else "base the condition on another field"
        message = f"'{leaf.operator}' does not fit '{field.id}', a field of type {field.type}; {known}"
        yield Flaw((*path, "operator"), "invalid-condition", message)
    elif "value" in leaf.model_fields_set and form.sound(field):
        yield from _check_operand((*path, "value"), leaf, field)


def _check_operand(path: Path, leaf: Condition, field: FormField) -> Iterator[Flaw]:
    operand = leaf.value
    if leaf.operator in {"in", "not_in"}:
        if not isinstance(operand, list) or not operand:
            message = f"'{leaf.operator}' needs a list of values; write it in brackets"
            yield Flaw(path, "invalid-condition", message)
            return
        for place, one in enumerate(operand):
            yield from _check_value((*path, place), leaf, field, one)
    else:
        yield from _check_value(path, leaf, field, operand)


def _check_value(path: Path, leaf: Condition, field: FormField, operand: JsonValue) -> Iterator[Flaw]:
    if leaf.operator is None:
        return
    if is_empty(operand):
        message = f"'{field.id}' can't be compared with an empty value; an empty field equals nothing"
        yield Flaw(path, "invalid-condition", message, _POSSIBLE)
        return
    problem = FIELD_TYPES[field.type].operand_problem(field, leaf.operator, operand)
    if problem:
        yield Flaw(path, "invalid-condition", f"the value for '{field.id}' {problem}", _POSSIBLE)


def _cycle(item: Item) -> list[str] | None:
    """Fields that depend on each other in a circle, the first one again at the end."""
    try:
        evaluation_order(item.fields)
    except CycleError as error:
        return list(reversed(error.args[1]))
    return None


def _too_large(item: Item, places: Mapping[Path, FormField]) -> Iterator[Flaw]:
    sizes = expanded_size(item.fields)
    for path, field in places.items():
        comparisons, chain = sizes[field.id]
        if comparisons > MAX_COMPARISONS or chain > MAX_CHAIN:
            message = (
                f"the condition of '{field.id}' comes to {comparisons} comparisons in {chain} steps, with those of the"
                f" fields it rests on; at most {MAX_COMPARISONS} and {MAX_CHAIN} are allowed, base it on fewer fields"
            )
            yield Flaw((*path, "conditional"), "invalid-condition", message)
            return
