"""Cursors come back as they were, and nothing else is taken for one."""

from __future__ import annotations

import base64
import json
import re

import pytest

from api_plugin.cursors import decode_cursor, encode_cursor
from api_plugin.exceptions import ApiProblem


@pytest.mark.parametrize("position", [("a", "b"), ("", "é"), ("2026-01-31T10:00:00Z", 7), ("x" * 300,)])
def test_a_cursor_holds_its_position(position):
    """It goes into a URL as it is."""
    cursor = encode_cursor(*position)

    assert re.fullmatch(r"[A-Za-z0-9_-]+", cursor)
    assert list(position) == decode_cursor(cursor, *map(type, position))


def made(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode()


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "é",
        "%%%",
        "null",
        made(None),
        made(7),
        made("ab"),
        made({"a": "b", "c": "d"}),
        made(["a"]),
        made(["a", 7]),
        made(["a", True]),
        made(["a", "b", "c"]),
        made(["a", "b"])[:-3],
        base64.urlsafe_b64encode(b"\xff\xfe").decode(),
        base64.urlsafe_b64encode(b"[" * 100_000).decode(),
    ],
)
def test_anything_else_is_a_problem(cursor):
    """Never a fault of the server: cursors come from outside."""
    with pytest.raises(ApiProblem) as problem:
        decode_cursor(cursor, str, str)

    assert (422, "/cursor", "invalid-cursor") == (
        problem.value.status,
        problem.value.errors[0].pointer,
        problem.value.errors[0].code,
    )
