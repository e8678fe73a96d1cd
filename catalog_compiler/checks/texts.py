"""Finds numbers without quotes in a field's values where text is wanted or probably meant, as in `13.10`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from catalog_compiler.findings import Finding

if TYPE_CHECKING:
    from catalog_compiler.model import Condition, FormField, Item
    from catalog_compiler.problems import Path

_CHOICE_TYPES = frozenset({"selection", "multi-selection"})
_TEXT_TYPES = frozenset({"string", "text", "email", "url", "password", "date", "datetime", "yaml"})


def check_texts(item: Item) -> Iterator[Finding]:
    """Numbers where a field's type wants text, and numbers to choose from that are written like a version.

    `item` takes the first ones as they are written, with a warning.
    """
    types: Mapping[str, str] = {field.id: field.type for field in item.fields}
    for place, group in enumerate(item.presentation.groups):
        for position, field in enumerate(group.fields):
            path: Path = ("presentation", "groups", place, "fields", position)
            if field.type in _TEXT_TYPES:
                yield from _numbers(_values(field, path))
            elif field.type in _CHOICE_TYPES:
                yield from _shortened_numbers(_values(field, path))
            if field.conditional is not None:
                yield from _numbers(_compared(field.conditional, (*path, "conditional"), types))


def _values(field: FormField, path: Path) -> Iterator[tuple[Path, object]]:
    yield (*path, "default"), field.default
    for position, value in enumerate(field.validation.enum or ()):
        yield (*path, "validation", "enum", position), value
    for position, option in enumerate(field.options or ()):
        yield (*path, "options", position, "value"), option.value


def _compared(condition: Condition, path: Path, types: Mapping[str, str]) -> Iterator[tuple[Path, object]]:
    if types.get(condition.field or "") in _TEXT_TYPES:
        yield (*path, "value"), condition.value
        if isinstance(condition.value, list):
            yield from (((*path, "value", position), value) for position, value in enumerate(condition.value))
    for key, parts in (("all", condition.all), ("any", condition.any)):
        for position, part in enumerate(parts or ()):
            yield from _compared(part, (*path, key, position), types)
    if condition.negated is not None:
        yield from _compared(condition.negated, (*path, "not"), types)


def _numbers(values: Iterable[tuple[Path, object]]) -> Iterator[Finding]:
    for path, value in values:
        if isinstance(value, int | float) and not isinstance(value, bool):
            yield Finding(
                path=path, code="wrong-type", message=f"text is expected here, and {value} is a number", wants_text=True
            )


def _shortened_numbers(values: Iterable[tuple[Path, object]]) -> Iterator[Finding]:
    """Numbers that may lose a digit: 13.10 is 13.1, unless it is written so."""
    for path, value in values:
        if isinstance(value, float):
            yield Finding(
                path=path,
                code="ambiguous-text",
                message=f"without quotes this is the number {value}, and is shown like that",
                hint=f"quote it if it is a text, such as a version; write {value} if it is a number",
                unless_written=str(value),
            )
