"""Files of requests in the storage: there with their request, and gone where it is not made."""

from __future__ import annotations

import asyncio
import base64
import datetime as dt
import json
import uuid

import pytest
from airflow.models.dagrun import DagRun
from pao_airflow.request_files import with_files
from sqlalchemy import select

from api_plugin import request_files
from api_plugin.clock import utc_now
from api_plugin.configuration import settings
from api_plugin.exceptions import ApiProblem
from api_plugin.permissions import Permission
from api_plugin.request_files import delete_files, delete_orphans, restored
from catalog_compiler.file_references import is_stored
from catalog_compiler.stored_files import StoredFileError
from tests.api_plugin.conftest import a_caller
from tests.items import NAME_FIELD, action, compiled_item

FIELDS = [
    NAME_FIELD,
    {"id": "notes", "name": "Notes", "type": "file", "order": 2},
    {"id": "key", "name": "Key", "type": "file", "order": 3, "sensitive": True},
]
ITEM = compiled_item("queue", action("a"), fields=FIELDS)
DEV = a_caller(Permission.REQUEST_CREATE, Permission.REQUEST_READ)


def url(content=b"hello", name="notes.txt"):
    return f"data:text/plain;name={name};base64,{base64.b64encode(content).decode()}"


VALUES = {"name": "a", "notes": url(), "key": url(b"secret words", "id_rsa")}


@pytest.fixture
def storage(tmp_path, monkeypatch):
    """A folder, as the setting names it."""
    folder = tmp_path / "files"
    changed = settings().model_copy(update={"file_storage": f"file://{folder}"})
    monkeypatch.setattr(request_files, "settings", lambda: changed)
    return folder


@pytest.fixture
def published(world):
    """The world with an item that takes files."""
    world.publish(ITEM)
    world.parse(ITEM)
    return world


def files(storage):
    return sorted(path.name for path in storage.rglob("*") if path.is_file())


def test_files_are_stored_beside_the_database(published, storage, portal):
    """The request and its run carry what stands for them, and people see their names."""
    request = published.order(fields=VALUES)
    conf = published.session.scalar(select(DagRun.conf).where(DagRun.run_id == request.run_id))

    assert ["key", "notes"] == files(storage)
    assert is_stored(request.fields["notes"])
    assert request.fields == conf["fields"]
    assert base64.b64encode(b"hello").decode() not in json.dumps(conf)
    assert {
        "name": "a",
        "notes": {"filename": "notes.txt", "content_type": "text/plain", "size": 5},
        "key": "***",
    } == portal("GET", f"/requests/{request.id}", DEV).json()["fields"]
    assert VALUES == restored(request.fields)


async def _read(request, wanted, storage):
    changed = settings().model_copy(update={"file_storage": f"file://{storage}"})
    return await with_files(request.fields, wanted, changed)


def test_actions_read_what_their_templates_need(published, storage):
    """And nothing else."""
    request = published.order(fields=VALUES)

    read = asyncio.run(_read(request, {"notes"}, storage))

    assert (VALUES["notes"], True) == (read["notes"], is_stored(read["key"]))


def test_actions_wait_for_a_storage_that_is_away(published, storage):
    """It may be there again in a moment; a request fails where it is not."""
    request = published.order(fields=VALUES)
    elsewhere = storage.rename(storage.with_name("elsewhere"))
    storage.write_text("a file where the folder was")
    changed = settings().model_copy(update={"file_storage": f"file://{storage}"})

    def until_it_is_back():
        yield 0.0
        storage.unlink()
        elsewhere.rename(storage)
        yield 0.0

    with pytest.raises(StoredFileError, match="can't be reached"):
        asyncio.run(with_files(request.fields, {"notes"}, changed, pauses=()))
    read = asyncio.run(with_files(request.fields, {"notes"}, changed, pauses=until_it_is_back()))
    assert VALUES["notes"] == read["notes"]


def test_a_request_that_is_not_made_leaves_no_file(published, storage):
    """Whatever goes wrong before it is committed."""
    published.order()
    published.stale("default.queue")

    with pytest.raises(ApiProblem, match="not ready to run"):
        published.order(fields=VALUES)
    published.session.rollback()

    assert [] == files(storage)


def test_a_storage_that_is_away_is_told(published, storage):
    """To try again helps."""
    storage.write_text("a file where the folder should be")

    with pytest.raises(ApiProblem) as caught:
        published.order(fields=VALUES)

    assert 503 == caught.value.status


def test_a_request_s_files_can_be_deleted(published, storage):
    """Twice as well, and with no others."""
    first, second = published.order(fields=VALUES), published.order(fields=VALUES)

    for _ in range(2):
        delete_files(first)

    assert ["key", "notes"] == files(storage)
    assert VALUES == restored(second.fields)


def test_files_without_a_request_are_swept(published, storage):
    """From the day before yesterday on, so that nothing is taken from under a submission."""
    request = published.order(fields=VALUES)
    old, new = (f"{utc_now() - dt.timedelta(days=ago):%Y-%m-%d}" for ago in (2, 0))
    for day, name in ((old, str(uuid.uuid4())), (old, str(request.id)), (new, str(uuid.uuid4()))):
        (storage / day / name).mkdir(parents=True, exist_ok=True)
        (storage / day / name / "left").write_bytes(b"x")

    assert [1, 0] == [delete_orphans(published.session), delete_orphans(published.session)]
    assert ["key", "left", "left", "notes"] == files(storage)


def test_without_a_storage_files_stay_in_the_request(published):
    """As they always did."""
    assert VALUES["notes"] == published.order(fields=VALUES).fields["notes"]
