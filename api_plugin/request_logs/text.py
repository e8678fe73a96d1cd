"""A request's log for people: one line an entry. Pure."""

from __future__ import annotations

import json
import re

from pydantic import JsonValue

from api_plugin.request_logs.entry import Entry

_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
"""What would move a terminal's cursor, colour it, or turn the direction of reading."""


def entry_text(entry: Entry) -> str:
    """The entry's line; further lines of a message are indented, so that none of them passes for an entry."""
    at = entry.at.strftime("%Y-%m-%d %H:%M:%S.") + f"{entry.at.microsecond // 1000:03}Z"
    where = entry.action or "request"
    if entry.undoing:
        where = f"undo {where}"
    if entry.attempt:
        where = f"{where} #{entry.attempt}"
    told = " ".join(f"{name}={_value(value)}" for name, value in entry.data.items() if not _is_said(entry, value))
    line = f"{at}  {entry.level.upper():<7}  {where}: {entry.message}" + (f"  {told}" if told else "")
    return _CONTROL.sub(_escaped, line.replace("\r\n", "\n")).replace("\n", "\n    | ") + "\n"


def _is_said(entry: Entry, value: JsonValue) -> bool:
    """Whether the message has it already."""
    return value is None or str(value) in entry.message


def _value(value: JsonValue) -> str:
    if isinstance(value, str) and value and " " not in value and "=" not in value:
        return value
    return json.dumps(value, ensure_ascii=False)


def _escaped(found: re.Match[str]) -> str:
    code = ord(found.group())
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"  # noqa: PLR2004 - what two digits can say
