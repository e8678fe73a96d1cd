"""Compares an item with what it was before: whether its version tells of the change.

Pure; `since` finds what was before. A change breaks what portals and scripts send when values that were accepted are
refused now: fields removed, of another type, newly required, with fewer choices or narrower limits.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, time
from typing import Any

from catalog_compiler.conditions.checks import field_places
from catalog_compiler.field_types import FIELD_TYPES
from catalog_compiler.field_types.choices import choice_values, is_choice
from catalog_compiler.field_types.dates import parse_date, parse_datetime, parse_relative
from catalog_compiler.field_types.values import is_number
from catalog_compiler.findings import Finding
from catalog_compiler.model import FormField, Item
from catalog_compiler.problems import Path
from catalog_compiler.semantic_version import SemanticVersion
from catalog_compiler.sentences import shown

_VERSION: Path = ("header", "version")
_VALUE_TYPES = frozenset({"integer", "number", "date", "datetime"})
"""Field types whose `min` and `max` are values; those of others count something, from 0."""


def version_findings(before: Item, now: Item) -> Iterator[Finding]:
    """Warnings for a valid item whose content is not what it was; `before` is a valid one, too."""
    old, new = before.header.version, now.header.version
    old_version, new_version = SemanticVersion.parse(old), SemanticVersion.parse(new)
    if old_version is None or new_version is None:
        return
    if not new_version.is_after(old_version):
        still = f"is still {new}" if old == new else f"went from {old} to {new}"
        yield Finding(
            path=_VERSION,
            code="version-not-raised",
            message=f"the content of '{now.header.id}' changed, and its version {still}; raise it",
            hint=f"write {old_version.major}.{old_version.minor + 1}.0, or {old_version.major + 1}.0.0 "
            "if what was accepted before is refused now",
        )
    if new_version.major <= old_version.major:
        for path, change in breaking_changes(before, now):
            yield Finding(
                path=path,
                code="breaking-change",
                message=f"{change}, which breaks what was accepted in {old}",
                hint=f"write version {old_version.major + 1}.0.0, or take the change back",
            )


def breaking_changes(before: Item, now: Item) -> Iterator[tuple[Path, str]]:
    """What is refused now and was accepted before: its place in the new item, and the beginning of a sentence."""
    old_fields: Mapping[str, FormField] = {field.id: field for field in before.fields}
    places = field_places(now)
    present = {field.id for field in places.values()}
    for name in old_fields:
        if name not in present:
            yield _VERSION, f"the field '{name}' is gone"
    for path, field in places.items():
        old = old_fields.get(field.id)
        if old is None:
            if _must_be_given(field):
                yield path, f"the new field '{field.id}' is required"
        elif old.type != field.type:
            yield (*path, "type"), f"the type of '{field.id}' was {old.type} and is {field.type}"
        else:
            for inner, change in _narrowed(old, field):
                yield (*path, *inner), change


def _narrowed(old: FormField, new: FormField) -> Iterator[tuple[Path, str]]:
    """How a field of the same type accepts less than before; paths count from the field."""
    if _must_be_given(new) and not _must_be_given(old):
        yield ("required",) if new.required else (), f"'{new.id}' must be given now"
    yield from _fewer_choices(old, new)
    for key, sign in (("min", 1), ("max", -1)):
        before, now = _bound(old, key), _bound(new, key)
        if now is not None and (before is None or (before[0] == now[0] and _beyond(now[1], before[1], sign))):
            was, bound = getattr(old.validation, key), getattr(new.validation, key)
            yield ("validation", key), f"the {key} of '{new.id}' was {'none' if was is None else was} and is {bound}"


def _fewer_choices(old: FormField, new: FormField) -> Iterator[tuple[Path, str]]:
    path: Path = ("options",) if new.options is not None else ("validation", "enum")
    now = choice_values(new)
    if now and not old.choices:
        yield path, f"'{new.id}' took any value and takes only some now"
    for value in choice_values(old) if now else ():
        if not is_choice(new, value):
            yield path, f"'{new.id}' can't be {shown(value)} any more"


def _bound(field: FormField, key: str) -> tuple[str, Any] | None:
    """A bound as what can be compared with others of the same kind; None where there is none."""
    bound = getattr(field.validation, key)
    if bound is None and key == "min" and field.type not in _VALUE_TYPES:
        return "number", 0
    if is_number(bound):
        return "number", bound
    if (distance := parse_relative(bound)) is not None:
        return "relative", distance
    if (day := parse_date(bound)) is not None:
        return "fixed", datetime.combine(day, time.min if key == "min" else time.max, UTC)
    moment = parse_datetime(bound)
    return None if moment is None else ("fixed", moment)


def _beyond(bound: Any, other: Any, sign: int) -> bool:
    """Whether a bound is above the other one for a sign of 1, below it for -1."""
    return bool(bound > other if sign > 0 else bound < other)


def _must_be_given(field: FormField) -> bool:
    """Whether a submission that does not name the field can be refused for it."""
    return field.required and FIELD_TYPES[field.type].default(field) is None
