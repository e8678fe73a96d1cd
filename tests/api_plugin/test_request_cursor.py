"""The cursor of the list of requests: whatever text it holds, it is a position or a problem."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest

from api_plugin.cursors import encode_cursor
from api_plugin.exceptions import ApiProblem
from api_plugin.request_search import Position
from api_plugin.routes.requests import _position

ID = "0b9c3a52-8a5e-4a8f-9d0f-6b7f6b1f2a10"


def test_it_holds_when_and_which():
    """Both, since two requests may be made at one moment."""
    assert Position(at=dt.datetime(2026, 3, 1, 9, tzinfo=dt.UTC), request_id=uuid.UUID(ID)) == _position(
        encode_cursor("-created_at", "2026-03-01T09:00:00Z", ID), "-created_at"
    )


@pytest.mark.parametrize(
    "position", [("yesterday", ID), ("2026-03-01T09:00:00Z", "x"), ("0001-01-01T00:00:00+14:00", ID), ("", "")]
)
def test_other_text_is_a_problem(position):
    """Anyone can make a text that looks like a cursor; it must not become a fault."""
    with pytest.raises(ApiProblem) as problem:
        _position(encode_cursor("-created_at", *position), "-created_at")

    assert 422 == problem.value.status
