"""A value as text: what a number, a list or nothing looks like inside a longer string."""

from __future__ import annotations

import json

from pydantic import JsonValue


def text_of(value: JsonValue) -> str:
    """The value as it stands in a text: texts as they are, None as nothing, everything else in its JSON form."""
    if isinstance(value, str):
        return value
    return "" if value is None else json_of(value)


def json_of(value: JsonValue) -> str:
    """The value as JSON that any encoding can carry: half a surrogate pair, which UTF-8 can't hold, is escaped."""
    written = json.dumps(value, ensure_ascii=False, allow_nan=False)
    if any("\ud800" <= character <= "\udfff" for character in written):
        return json.dumps(value, allow_nan=False)
    return written
