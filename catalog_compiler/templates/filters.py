"""The filters of templates: each takes a value and constants and gives a value. There is no other code in templates.

Nothing (null) passes through every filter as nothing, but for `default`, `length` and `json`.
"""

from __future__ import annotations

import base64
import difflib
import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from catalog_compiler.templates.dates import DIRECTIVES, format_date, unknown_directives
from catalog_compiler.templates.exceptions import FilterError
from catalog_compiler.templates.syntax import Argument, Expression, FilterCall
from catalog_compiler.templates.text import json_of, text_of

ArgumentKind = type[str] | type[int] | type[object]


@dataclass(frozen=True, kw_only=True, slots=True)
class Filter:
    """One filter: what it does, the kinds of its arguments, and whether it is asked where there is nothing."""

    apply: Callable[..., JsonValue]
    arguments: tuple[ArgumentKind, ...] = ()
    takes_null: bool = False


class _UnfitError(ValueError):
    """The value is not what the filter needs; the message goes on after the filter's name."""


def _default(value: JsonValue, replacement: Argument) -> JsonValue:
    return replacement if value is None else value


def _slug(value: JsonValue) -> str:
    decomposed = unicodedata.normalize("NFKD", _text(value))
    ascii_only = decomposed.encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", ascii_only).strip("-")


def _join(value: JsonValue, separator: str) -> str:
    if not isinstance(value, list):
        raise _UnfitError("needs a list")
    return separator.join(text_of(entry) for entry in value)


def _first(value: JsonValue) -> JsonValue:
    return next(iter(_entries(value)), None)


def _last(value: JsonValue) -> JsonValue:
    entries = _entries(value)
    return entries[-1] if entries else None


def _length(value: JsonValue) -> int:
    if value is None:
        return 0
    if isinstance(value, str | list | dict):
        return len(value)
    raise _UnfitError("needs a text, a list or an object")


def _base64(value: JsonValue) -> str:
    return base64.b64encode(text_of(value).encode("utf-8")).decode("ascii")


def _int(value: JsonValue) -> int:
    return int(_number(value))


def _number(value: JsonValue) -> int | float:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int | float):
        return value
    if not isinstance(value, str):
        raise _UnfitError("needs a number, or a text that is one")
    text = value.strip()
    number = int(text) if re.fullmatch(r"[+-]?[0-9]{1,300}", text) else _decimal(text)
    if not math.isfinite(number):
        raise _UnfitError("needs a finite number")
    return number


def _decimal(text: str) -> float:
    if not re.fullmatch(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?", text):
        raise _UnfitError("needs a number, or a text that is one")
    return float(text)


def _date(value: JsonValue, pattern: str) -> str:
    try:
        return format_date(_text(value), pattern)
    except (ValueError, OverflowError):
        raise _UnfitError("needs a date or a time in ISO 8601 form") from None


def _text(value: JsonValue) -> str:
    if isinstance(value, list | dict):
        raise _UnfitError("needs a text, not a list or an object")
    return text_of(value)


def _entries(value: JsonValue) -> list[JsonValue]:
    if isinstance(value, str):
        return list(value)
    if isinstance(value, list):
        return value
    raise _UnfitError("needs a list or a text")


FILTERS: Mapping[str, Filter] = {
    "default": Filter(apply=_default, arguments=(object,), takes_null=True),
    "lower": Filter(apply=lambda value: _text(value).lower()),
    "upper": Filter(apply=lambda value: _text(value).upper()),
    "trim": Filter(apply=lambda value: _text(value).strip()),
    "replace": Filter(apply=lambda value, old, new: _text(value).replace(old, new), arguments=(str, str)),
    "slug": Filter(apply=_slug),
    "truncate": Filter(apply=lambda value, count: _text(value)[:count], arguments=(int,)),
    "join": Filter(apply=_join, arguments=(str,)),
    "first": Filter(apply=_first),
    "last": Filter(apply=_last),
    "length": Filter(apply=_length, takes_null=True),
    "json": Filter(apply=json_of, takes_null=True),
    "base64": Filter(apply=_base64),
    "int": Filter(apply=_int),
    "number": Filter(apply=_number),
    "string": Filter(apply=text_of),
    "date": Filter(apply=_date, arguments=(str,)),
}
"""All filters by name. `truncate` cuts and adds nothing; `int` drops what follows the decimal point."""


def check_filters(expression: Expression) -> Iterable[tuple[str, int, str | None]]:
    """Problems of an expression's filters that need no value: message, offset in the string, hint."""
    for call in expression.filters:
        problem = _problem(call)
        if problem is not None:
            message, hint = problem
            yield message, call.offset, hint


def apply_filters(value: JsonValue, expression: Expression) -> JsonValue:
    """Put a value through an expression's filters, in order.

    Raises:
        FilterError: if a filter is unknown, is called wrongly, or can't take the value.
    """
    for call in expression.filters:
        if problem := _problem(call):
            raise FilterError(f"'{expression.path}': {problem[0]}")
        known = FILTERS[call.name]
        if value is None and not known.takes_null:
            continue
        try:
            value = known.apply(value, *call.arguments)
        except _UnfitError as error:
            raise FilterError(f"'{expression.path}': the filter '{call.name}' {error}") from error
    return value


def catches_missing(expression: Expression) -> bool:
    """Whether a missing value is no error, because a `default` stands in for it."""
    return any(call.name == "default" for call in expression.filters)


def _problem(call: FilterCall) -> tuple[str, str | None] | None:
    known = FILTERS.get(call.name)
    if known is None:
        near = difflib.get_close_matches(call.name, FILTERS, n=1)
        hint = f"did you mean '{near[0]}'?" if near else f"filters are {', '.join(FILTERS)}"
        return f"'{call.name}' is not a filter", hint
    if len(call.arguments) != len(known.arguments):
        usage = f"{call.name}({', '.join(_kind(kind) for kind in known.arguments)})" if known.arguments else call.name
        return f"the filter '{call.name}' takes {len(known.arguments)} arguments, got {len(call.arguments)}", (
            f"write '{usage}'"
        )
    for argument, kind in zip(call.arguments, known.arguments, strict=True):
        if not isinstance(argument, kind) or (kind is int and (isinstance(argument, bool) or int(str(argument)) < 0)):
            return f"the filter '{call.name}' needs {_kind(kind)}, got {argument!r}", None
    if call.name == "date" and (unknown := unknown_directives(str(call.arguments[0]))):
        known_letters = ", ".join(f"%{letter}" for letter in DIRECTIVES)
        return f"the filter 'date' does not know {', '.join(unknown)}", f"it knows {known_letters}"
    return None


def _kind(kind: ArgumentKind) -> str:
    return {str: "a text", int: "a number from 0"}.get(kind, "a value")
