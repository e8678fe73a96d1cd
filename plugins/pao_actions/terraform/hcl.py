"""Writes a JSON value as a literal of Terraform's language, for the API that takes variables in no other form."""

from __future__ import annotations

import re

from pydantic import JsonValue

_SPECIAL = re.compile(r'["\\\x00-\x1f\x7f]|[$%](?=\{)')
_NAMED = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "$": "$$", "%": "%%"}


def literal(value: JsonValue) -> str:
    """The value as a literal; `${` and `%{` in a text stay text."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case str():
            return f'"{_SPECIAL.sub(_escaped, value)}"'
        case [*entries]:
            return f"[{', '.join(map(literal, entries))}]"
    # A key in parentheses is an expression, and so may be any text.
    return "{" + ", ".join(f"({literal(key)}) = {literal(entry)}" for key, entry in value.items()) + "}"


def _escaped(match: re.Match[str]) -> str:
    return _NAMED.get(match[0]) or f"\\u{ord(match[0]):04x}"
