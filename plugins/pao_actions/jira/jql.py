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


def any_id(ids: Iterable[str]) -> str:
    """The clause that a ticket has one of the ids; what is no number is left out.

    They stand without quotes: Jira takes a quoted one for a key.
    """
    return f"id in ({', '.join(each for each in ids if each.isascii() and each.isdigit())})"


def _escape(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"
