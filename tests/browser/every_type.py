"""How a person fills the form of `tests/catalog/valid/every-type.yaml`, and what the form gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from catalog_compiler.item import compile_item
from catalog_compiler.model import Item

FILE = Path(__file__).parents[1] / "catalog" / "valid" / "every-type.yaml"


def every_type() -> Item:
    """The item."""
    item = compile_item(FILE.read_bytes(), FILE.name).item
    assert item is not None
    return item


TYPED: dict[str, Any] = {
    "a_string": "orders",
    "a_text": "Two\nlines.",
    "an_integer": 7,
    "a_number": 2.5,
    "a_boolean": True,
    "a_selection": "Two",
    "a_multi_selection": ["green", "blue"],
    "a_date": "2026-04-01",
    "a_datetime": "2026-04-01T10:30",
    "an_email": "somebody@example.com",
    "a_url": "https://example.com/a?b=c#d",
    "a_password": "correct horse",
    "a_file": {"name": "größe 1.txt", "type": "text/plain", "text": "hello"},
    "a_json": '{"zones": []}',
    "a_yaml": "zones:\n  - a\n",
    "its_string": "hunter2",
    "its_text": "More.",
    "its_integer": 4,
    "its_number": 1.5,
    "its_selection": "e",
    "its_multi_selection": ["2", "13"],
    "its_date": "2026-05-02",
    "its_datetime": "2026-01-31T12:00",
    "its_email": "other@example.com",
    "its_url": "ssh://git@example.com/y",
    "its_password": "battery staple",
    "its_file": {"name": "empty.txt", "type": "text/plain", "text": ""},
    "its_json": "[1]",
    "its_yaml": "zones: [b]",
}
"""What is typed, ticked, chosen and uploaded, in this order, in Berlin; `its_boolean` stays at its default."""

GIVEN: dict[str, Any] = TYPED | {
    "a_selection": "two",
    "a_datetime": "2026-04-01T08:30:00.000Z",
    "a_file": "data:text/plain;name=gr%C3%B6%C3%9Fe%201.txt;base64,aGVsbG8=",
    "its_boolean": True,
    "its_multi_selection": [2, 13],
    "its_datetime": "2026-01-31T11:00:00.000Z",
    "its_file": "data:text/plain;name=empty.txt;base64,",
}
"""What the form makes of it."""
