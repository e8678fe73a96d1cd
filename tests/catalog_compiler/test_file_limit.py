"""The platform's limit for files."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest

from catalog_compiler.field_types.files import MAX_SIZE
from catalog_compiler.file_limit import with_file_limit
from catalog_compiler.form import item_form
from catalog_compiler.settings import PaoSettings
from catalog_compiler.submission import check_submission
from tests.catalog_compiler.forms import an_item

ITEM = an_item(
    {"id": "free", "type": "file"},
    {"id": "own", "type": "file", "validation": {"max": 5}},
    {"id": "text", "type": "text"},
)
NOW = datetime(2026, 3, 15, tzinfo=UTC)


def a_file(size: int) -> str:
    return f"data:text/plain;name=a.txt;base64,{base64.b64encode(b'x' * size).decode()}"


@pytest.mark.parametrize(
    ("fields", "refused"),
    [
        ({"free": a_file(3), "own": a_file(5), "text": "longer than that"}, []),
        ({"free": a_file(4)}, ["/fields/free"]),
        ({"own": a_file(6)}, ["/fields/own"]),
    ],
)
def test_it_counts_where_the_item_names_none(fields, refused):
    """A field's own `max` is the author's word, and other types have none of it."""
    checked = check_submission(with_file_limit(ITEM, 3), fields, now=NOW)

    assert refused == [error.pointer for error in checked.errors]


def test_the_form_says_it():
    """At the field, before anything is sent."""
    ui = item_form(with_file_limit(ITEM, 2048)).ui_schema

    assert ("At most 2 KiB.", "At most 5 bytes.") == (ui["free"]["ui:help"], ui["own"]["ui:help"])


def test_unless_configured_it_is_that_of_the_format():
    """So that `pao preview`, which knows no platform, says what most platforms say."""
    assert PaoSettings(fernet_key="k").max_file_bytes == MAX_SIZE
