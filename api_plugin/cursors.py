"""Cursors of pages: opaque texts that hold where the next page begins, so that inserts do not shift it."""

from __future__ import annotations

import base64
import json
from typing import Any

from api_plugin.exceptions import ApiProblem, FieldProblem, invalid_fields


def encode_cursor(*position: str | int) -> str:
    """The cursor of a position in an order."""
    return base64.urlsafe_b64encode(json.dumps(position).encode()).decode().rstrip("=")


def decode_cursor(cursor: str, *kinds: type) -> list[Any]:
    """The position of a cursor, whose parts are of these types; a 422 problem for anything else."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        position = json.loads(base64.urlsafe_b64decode(padded))
    except (ValueError, RecursionError):
        position = None
    if not isinstance(position, list) or [type(part) for part in position] != list(kinds):
        raise not_a_cursor()
    return position


def not_a_cursor() -> ApiProblem:
    """422: the text holds no position that a page of ours ended at."""
    return invalid_fields(
        [FieldProblem(pointer="/cursor", code="invalid-cursor", message="not a cursor; take next_cursor as it is")]
    )
