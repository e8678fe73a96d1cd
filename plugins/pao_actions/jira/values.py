"""Turns what an item gives for a field into what Jira takes for its type."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from catalog_compiler.templates.text import text_of
from pao_actions.exceptions import PermanentError
from pao_actions.jira.checks import label_problem
from pao_actions.jira.client import JiraClient
from pao_actions.jira.documents import adf, checked_text, wiki
from pao_actions.jira.people import required_user
from pao_actions.jira.screen import ScreenField, option_names

_MOST_SHOWN = 50
_BY_NAME = frozenset({"priority", "version", "component", "group", "resolution", "securitylevel", "issuetype"})
_CASCADE = " / "
_LEVELS = 2


def is_absent(value: JsonValue) -> bool:
    """Whether an optional value was not given; such a field is left to Jira."""
    return value is None or value == [] or (isinstance(value, str) and not value.strip())


async def field_value(client: JiraClient, field: ScreenField, value: JsonValue) -> JsonValue:
    """The value in Jira's form.

    Raises:
        PermanentError: if the value does not fit; where it is one of a list, with that list.
    """
    if field.type != "array":
        return await _one(client, field, field.type, value)
    entries = value if isinstance(value, list) else [value]
    return [await _one(client, field, field.items or "any", entry) for entry in entries if not is_absent(entry)]


def named(field: ScreenField, name: str) -> dict[str, JsonValue]:
    """The allowed value that is called so, or what Jira will look up by that name where it lists none."""
    if field.options is None:
        return {"name": name}
    return _option(field, field.options, name)


async def _one(client: JiraClient, field: ScreenField, kind: str, value: JsonValue) -> JsonValue:  # noqa: PLR0911 - a table
    match kind:
        case "string":
            return _text(client, field, value)
        case "number":
            return _number(field, value)
        case "date":
            return _date(field, _single(field, value))
        case "datetime":
            return _datetime(field, _single(field, value))
        case "option":
            return _option(field, field.options, _single(field, value), key="value")
        case "option-with-child":
            return _cascade(field, value)
        case "user":
            return dict(await required_user(client, _single(field, value), field.name))
        case _ if kind in _BY_NAME:
            return named(field, _single(field, value))
        case "project":
            return {"key": _single(field, value)}
    # A type of some app: what the item says is what Jira gets.
    return value


def _single(field: ScreenField, value: JsonValue) -> str:
    if isinstance(value, list | dict):
        found = "a list" if isinstance(value, list) else "an object"
        raise PermanentError(f"the field '{field.name}' takes one value, and it is given {found}")
    return text_of(value).strip()


def _text(client: JiraClient, field: ScreenField, value: JsonValue) -> JsonValue:
    text = "\n".join(map(text_of, value)) if isinstance(value, list) else text_of(value)
    if field.items == "string":
        if problem := label_problem(text):
            raise PermanentError(f"the field '{field.name}': {problem}")
        return text
    if field.custom == "textarea" or field.id == "environment":
        text = checked_text(text, f"the field '{field.name}'")
        return adf(text, link=client.context.request_url) if client.cloud else wiki(text)
    if len(text.strip().splitlines()) > 1:
        raise PermanentError(f"the field '{field.name}' takes one line of text, and its value has a line break")
    if field.custom == "url" and not text.lower().startswith(("http://", "https://", "ftp://", "mailto:")):
        raise PermanentError(f"the field '{field.name}' takes a URL, such as https://example.com, and not '{text}'")
    return text.strip()


def _number(field: ScreenField, value: JsonValue) -> float | int:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    try:
        number = float(_single(field, value))
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise PermanentError(f"the field '{field.name}' takes a number, and not '{text_of(value)}'")
    return int(number) if number.is_integer() else number


def _date(field: ScreenField, text: str) -> str:
    try:
        return dt.date.fromisoformat(text).isoformat()
    except ValueError:
        pass
    try:
        return dt.datetime.fromisoformat(text).date().isoformat()
    except ValueError:
        raise PermanentError(f"the field '{field.name}' takes a date, such as 2025-12-31, and not '{text}'") from None


def _datetime(field: ScreenField, text: str) -> str:
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise PermanentError(
            f"the field '{field.name}' takes a date and time with its zone, such as 2025-12-31T12:00:00+00:00, "
            f"and not '{text}'"
        )
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}" + moment.strftime("%z")[:5]


def _option(
    field: ScreenField,
    options: Sequence[Mapping[str, JsonValue]] | None,
    name: str,
    *,
    key: str = "name",
) -> dict[str, JsonValue]:
    if options is None:
        return {key: name}
    for wanted in (name, name.casefold()):
        for option in options:
            names = {str(option.get(part)) for part in ("value", "name", "id", "key") if option.get(part) is not None}
            if wanted in names or wanted in {entry.casefold() for entry in names}:
                return {"id": str(option["id"])} if "id" in option else {key: name}
    names_shown = list(option_names(options))
    more = f" and {len(names_shown) - _MOST_SHOWN} more" if len(names_shown) > _MOST_SHOWN else ""
    raise PermanentError(
        f"the field '{field.name}' has no option '{name}'; it has "
        f"{', '.join(names_shown[:_MOST_SHOWN]) or 'none'}{more}"
    )


def _cascade(field: ScreenField, value: JsonValue) -> dict[str, JsonValue]:
    """A choice and one below it: `{value, child}`, a list of both, or "A / B"."""
    parent: JsonValue = value
    child: JsonValue = None
    if isinstance(value, dict):
        parent, child = value.get("value"), value.get("child")
        child = child.get("value") if isinstance(child, dict) else child
    elif isinstance(value, list) and len(value) == _LEVELS:
        parent, child = value
    elif isinstance(value, str) and _CASCADE in value and not _has_option(field, value):
        parent, _, child = value.partition(_CASCADE)
    name = _single(field, parent)
    chosen = _option(field, field.options, name, key="value")
    if is_absent(child):
        return chosen
    return {**chosen, "child": _option(field, _children(field, chosen), _single(field, child), key="value")}


def _has_option(field: ScreenField, name: str) -> bool:
    return name.casefold() in (option.casefold() for option in option_names(field.options or ()))


def _children(field: ScreenField, chosen: Mapping[str, JsonValue]) -> list[Mapping[str, JsonValue]] | None:
    for option in field.options or ():
        if str(option.get("id")) == chosen.get("id"):
            children = option.get("children")
            return [child for child in children if isinstance(child, dict)] if isinstance(children, list) else []
    return None
