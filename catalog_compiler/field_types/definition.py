"""Static checks of one field's definition."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from catalog_compiler.field_types.base import Flaw
from catalog_compiler.field_types.registry import FIELD_TYPES
from catalog_compiler.model import FormField
from catalog_compiler.problems import Code

_CODES: dict[str, Code] = {
    "min": "invalid-range",
    "max": "invalid-range",
    "pattern": "invalid-pattern",
    "patterns": "invalid-pattern",
}


def check_definition(field: FormField) -> Iterable[Flaw]:
    """Every problem of one field but its condition: limits, patterns, choices, default. Paths count from the field."""
    flaws = [*_misplaced_keys(field), *FIELD_TYPES[field.type].flaws(field)]
    yield from flaws
    if not flaws:
        yield from _default_flaws(field)


def _misplaced_keys(field: FormField) -> Iterator[Flaw]:
    """Keys of `validation` that have no meaning for the field's type."""
    kind = FIELD_TYPES[field.type]
    given = field.validation.model_dump(by_alias=True, exclude_defaults=True)
    for key in given:
        if key not in kind.validation_keys:
            known = ", ".join(f"'{one}'" for one in sorted(kind.validation_keys)) or "no such keys"
            yield Flaw(
                ("validation", key),
                _CODES.get(key, "invalid-value"),
                f"'{key}' has no meaning for a {field.type} field; remove it",
                f"a {field.type} field takes {known}",
            )
    if field.options is not None and "enum" not in kind.validation_keys:
        yield Flaw(("options",), "invalid-value", f"a {field.type} field has no options; use the type 'selection'")


def _default_flaws(field: FormField) -> Iterator[Flaw]:
    if field.default is None:
        return
    for fault in FIELD_TYPES[field.type].faults(field, field.default, None):
        yield Flaw(("default",), "invalid-default", f"the default {fault.text}")
