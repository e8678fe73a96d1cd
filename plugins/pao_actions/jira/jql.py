"""Builds JQL, Jira's query language: every value is a quoted string, so that none can add a clause."""

from __future__ import annotations

import re
from collections.abc import Iterable

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def quoted(value: str) -> str:
    """A value as JQL's string literal."""
    text = value.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + _CONTROL.sub(_escape, text) + '"'


def equals(field: str, value: str) -> str:
    """The clause that a field has that value; `field` is never a user's."""
    return f"{field} = {quoted(value)}"


def any_of(field: str, values: Iterable[str]) -> str:
    """The clause that a field has one of the values; `field` is never a user's."""
    return f"{field} in ({', '.join(map(quoted, values))})"


def _escape(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"
