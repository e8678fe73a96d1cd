"""What people read: a line an entry, which nothing in it can break or fake."""

from __future__ import annotations

import datetime as dt

import pytest

from api_plugin.request_logs.accepting import wants_text
from api_plugin.request_logs.entry import Entry
from api_plugin.request_logs.text import entry_text

AT = dt.datetime(2026, 1, 31, 10, 0, 1, 20_999, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("more", "text"),
    [
        ({}, "INFO     request: m"),
        ({"action": "a", "attempt": 2, "level": "warning"}, "WARNING  a #2: m"),
        ({"action": "a", "undoing": True, "level": "error"}, "ERROR    undo a: m"),
        ({"data": {"x": 1, "y": "z", "none": None}}, "INFO     request: m  x=1 y=z"),
        ({"data": {"x": "two words", "y": {"a": [1]}}}, 'INFO     request: m  x="two words" y={"a": [1]}'),
        ({"message": "answered 201", "data": {"status": 201}}, "INFO     request: answered 201"),
        ({"message": "a\nb"}, "INFO     request: a\n    | b"),
        ({"message": "a\r\n2026-01-31 fake"}, "INFO     request: a\n    | 2026-01-31 fake"),
        ({"message": "a\x1b[31mred\rx\x00"}, "INFO     request: a\\x1b[31mred\\x0dx\\x00"),
        ({"message": "a\u202eb\u2028c"}, "INFO     request: a\\u202eb\\u2028c"),
        ({"message": "schön 🚀"}, "INFO     request: schön 🚀"),
    ],
)
def test_an_entry_is_a_line(more, text):
    """With its time to the millisecond."""
    known = {"at": AT, "level": "info", "source": "action", "message": "m"}

    assert f"2026-01-31 10:00:01.020Z  {text}\n" == entry_text(Entry(**(known | more)))


@pytest.mark.parametrize(
    ("accept", "text"),
    [
        ("", False),
        ("*/*", False),
        ("text/html,application/xhtml+xml,*/*;q=0.8", False),
        ("application/json", False),
        ("text/plain", True),
        ("TEXT/PLAIN; charset=utf-8", True),
        ("text/plain, */*", True),
        ("application/json;q=0.5, text/plain", True),
        ("application/json, text/plain;q=0.5", False),
        ("text/plain;q=0", False),
        ("text/plain;q=x", False),
    ],
)
def test_text_is_for_who_asks_for_it(accept, text):
    """By name."""
    assert text is wants_text(accept)
