"""An item as it is served."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from api_plugin.configuration import settings
from api_plugin.permissions import Permission
from tests.api_plugin.conftest import a_caller
from tests.items import compiled_item

LETTER = compiled_item("letter", fields=[{"id": "scan", "name": "Scan", "type": "file", "order": 1}])
DEV = a_caller(Permission.CATALOG_READ, Permission.REQUEST_CREATE)
FIVE_BYTES = "data:text/plain;name=a.txt;base64,aGVsbG8="


@pytest.fixture
def three_bytes_at_most(monkeypatch) -> Iterator[None]:
    """A platform that takes small files alone."""
    monkeypatch.setenv("AIRFLOW__PAO__MAX_FILE_BYTES", "3")
    settings.cache_clear()
    yield
    settings.cache_clear()


def test_the_platforms_limit_for_files_is_in_the_form_and_in_the_verdict(three_bytes_at_most, world, portal):
    """`[pao] max_file_bytes`, where the item names none."""
    world.publish(LETTER)
    world.parse(LETTER)
    form = portal("GET", "/catalog/items/letter/schema", DEV).json()
    refused = portal("POST", "/requests", DEV, json={"item_id": "letter", "fields": {"scan": FIVE_BYTES}})

    assert "At most 3 bytes." == form["ui_schema"]["scan"]["ui:help"]
    assert [("/fields/scan", "too-large")] == [(one["pointer"], one["code"]) for one in refused.json()["errors"]]
