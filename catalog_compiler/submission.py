"""A submitted form, judged by the server itself: every error at once, and the values to go on with.

It agrees with the form's schema and adds what a schema can't say (see `server_rules`). Messages never tell a value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches

from pydantic import JsonValue

from catalog_compiler.conditions import visible_fields
from catalog_compiler.field_types import FIELD_TYPES, FaultCode
from catalog_compiler.field_types.values import is_empty
from catalog_compiler.model import FormField, Item
from catalog_compiler.problems import pointer
from catalog_compiler.server_rules import ServerRule

_NAME_SHOWN = 100
"""Characters of an unknown field's name that a message repeats."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FieldError:
    """One thing wrong with a submission; `pointer` is a JSON pointer into the request's body."""

    pointer: str
    code: FaultCode
    message: str
    rule: ServerRule | None = None
    """What the form's schema does not say; None where it refuses the submission, too."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Submission:
    """What a submission comes to: the values of the visible fields, defaults applied, and what is wrong.

    Where there are errors, `values` holds the fields without one.
    """

    values: dict[str, JsonValue]
    errors: tuple[FieldError, ...]


def check_submission(item: Item, fields: Mapping[str, JsonValue], *, now: datetime) -> Submission:
    """Check submitted values against a valid item. `now` (with its zone) is what relative dates count from."""
    visible = visible_fields(item, fields)
    values: dict[str, JsonValue] = {}
    errors: list[FieldError] = []
    for field in item.fields:
        found = list(_field_errors(field, fields, visible, now))
        errors += found
        value = visible.get(field.id)
        if not found and value is not None:
            values[field.id] = FIELD_TYPES[field.type].normal(field, value)
    return Submission(values=values, errors=(*errors, *_unknown_fields(item, fields)))


def _field_errors(
    field: FormField, submitted: Mapping[str, JsonValue], visible: Mapping[str, JsonValue], now: datetime
) -> Iterator[FieldError]:
    kind = FIELD_TYPES[field.type]
    if field.id not in visible:
        if field.id in submitted:
            yield _error(field, "hidden-field", "is not asked for with these values; leave it out")
    elif field.id not in submitted:
        if field.required and visible[field.id] is None:
            yield _error(field, "required", "is required; give a value")
        else:
            yield from _default_errors(field, visible[field.id], now)
    elif submitted[field.id] is None:
        yield _error(field, "null", "must not be null; leave it out to give no value")
    else:
        for fault in kind.faults(field, submitted[field.id], now):
            yield _error(field, fault.code, fault.text, fault.rule)


def _default_errors(field: FormField, default: JsonValue, now: datetime) -> Iterator[FieldError]:
    """A default was checked when the item was compiled, but for bounds relative to today."""
    if not is_empty(default):
        for fault in FIELD_TYPES[field.type].faults(field, default, now):
            yield _error(field, fault.code, f"{fault.text}, and its default is not; give a value", fault.rule)


def _unknown_fields(item: Item, submitted: Mapping[str, JsonValue]) -> Iterator[FieldError]:
    known = [field.id for field in item.fields]
    for name in submitted:
        if name in known:
            continue
        near = get_close_matches(name, known, n=1) if len(name) <= _NAME_SHOWN else []
        advice = f"did you mean '{near[0]}'?" if near else "leave it out"
        shown = name[:_NAME_SHOWN].encode("utf-8", "replace").decode()
        yield FieldError(
            pointer=pointer(("fields", name)),
            code="unknown-field",
            message=f"'{shown}' is not a field of this item; {advice}",
        )


def _error(field: FormField, code: FaultCode, text: str, rule: ServerRule | None = None) -> FieldError:
    return FieldError(pointer=pointer(("fields", field.id)), code=code, message=f"{field.name} {text}.", rule=rule)
