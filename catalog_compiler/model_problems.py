"""Turns pydantic's errors of an item into findings at the key or value that is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any, get_args

from pydantic import BaseModel

from catalog_compiler.document import value_at
from catalog_compiler.findings import Finding, did_you_mean, nearest
from catalog_compiler.model import FieldTypeName, Item
from catalog_compiler.sentences import is_kind_error, label, shown, wants_text, wrong_kind, wrong_value

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from catalog_compiler.problems import Path

_SECTIONS: frozenset[Path] = frozenset({("header",), ("presentation",), ("fulfillment",), ("fulfillment", "manual")})
_MOST = 1000
"""So many errors of one file are told."""
_NEEDED = "every item needs header, presentation and fulfillment.manual"


def by_place(errors: Iterable[ErrorDetails], data: Any) -> dict[Path, list[ErrorDetails]]:
    """Errors by the real path of what is wrong, without pydantic's tags for alternatives.

    Where something deeper in the value is wrong, complaints about its kind (of other alternatives) or length are
    left out: they only follow from it.
    """
    places: dict[Path, list[ErrorDetails]] = {}
    for error in errors:
        places.setdefault(_real_path(error, data), []).append(error)
    inner = {path[:length] for path in places for length in range(len(path))}
    return {path: found for path, found in places.items() if path not in inner or not all(map(_follows, found))}


def model_findings(errors: Iterable[ErrorDetails], data: Any) -> Iterator[Finding]:
    """Findings for the errors of `Item.model_validate(data)`."""
    places = by_place(islice(errors, _MOST), data)
    meant = {meant_key(path, data) for path, (error, *_) in places.items() if error["type"] == "extra_forbidden"}
    for path, found in places.items():
        if not (found[0]["type"] == "missing" and path in meant):
            yield _finding(path, found, value_at(data, path))


def meant_key(path: Path, data: Any) -> Path | None:
    """The path that an unknown key should probably have: the nearest key that is not there yet, or None."""
    present = value_at(data, path[:-1])
    absent = [key for key in known_keys(inner_model(Item, path[:-1])) if key not in present]
    near = nearest(str(path[-1]), absent)
    return (*path[:-1], near) if near is not None else None


def inner_model(model: type[BaseModel] | None, path: Path) -> type[BaseModel] | None:
    """The part of a model that describes the mapping at `path`, if one does."""
    for part in path:
        if isinstance(part, str):
            model = _at_key(model, part) if model else None
    return model


@cache
def known_keys(model: type[BaseModel] | None) -> Mapping[str, bool]:
    """A model's keys as written in YAML, each with whether it is required."""
    fields = model.model_fields if model else {}
    return {field.alias or name: field.is_required() for name, field in fields.items()}


def _follows(error: ErrorDetails) -> bool:
    return is_kind_error(error) or error["type"] == "too_short"


def _finding(path: Path, found: list[ErrorDetails], value: Any) -> Finding:
    error = found[0]
    if error["type"] == "missing":
        if path in _SECTIONS:
            return Finding(
                path=path,
                code="missing-section",
                message=f"the section '{'.'.join(map(str, path))}' is missing",
                hint=_NEEDED,
            )
        return Finding(path=path, code="missing-key", message=f"the key {label(path)} is missing here; add it")
    if error["type"] == "extra_forbidden":
        keys = known_keys(inner_model(Item, path[:-1]))
        return Finding(
            path=path,
            code="unknown-key",
            message=f"{label(path)} is not a key of the format here",
            hint=did_you_mean(str(path[-1]), keys),
            at_key=True,
        )
    if all(map(is_kind_error, found)):
        return Finding(
            path=path,
            code="wrong-type",
            message=wrong_kind(path, found, value),
            wants_text=wants_text(found, value),
        )
    if error["type"] == "literal_error" and path[-1] == "type":
        return Finding(
            path=path,
            code="unknown-field-type",
            message=f"{shown(value)} is not a field type",
            hint=did_you_mean(str(value), get_args(FieldTypeName)),
        )
    error = next(error for error in found if not is_kind_error(error))
    return Finding(path=path, code="invalid-value", message=wrong_value(path, error, value))


def _real_path(error: ErrorDetails, data: Any) -> Path:
    """The error's location without the tags that pydantic puts in for unions: only what leads through the data."""
    path: list[str | int] = []
    last = len(error["loc"]) - 1
    for position, part in enumerate(error["loc"]):
        if isinstance(data, dict) and part in data:
            data = data[part]
        elif isinstance(data, list) and isinstance(part, int):
            data = data[part] if part < len(data) else None
        elif not (error["type"] == "missing" and position == last):
            continue
        path.append(part)
    return tuple(path)


@cache
def _at_key(model: type[BaseModel], key: str) -> type[BaseModel] | None:
    for name, field in model.model_fields.items():
        if key == (field.alias or name):
            return next(_models_in(field.annotation), None)
    return None


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models_in(part)
