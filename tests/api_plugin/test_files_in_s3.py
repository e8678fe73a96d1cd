"""Files of requests in an object store: Airflow's own way to S3, held against moto's, which is there or away."""

from __future__ import annotations

import asyncio
import datetime as dt
import uuid

import pytest
from pao_airflow.request_files import with_files

from api_plugin import request_files
from api_plugin.clock import utc_now
from api_plugin.configuration import settings
from api_plugin.exceptions import ApiProblem
from api_plugin.request_files import delete_files, delete_orphans, restored
from catalog_compiler.file_references import is_stored
from catalog_compiler.stored_files import StorageAwayError, StoredFileError
from tests.api_plugin.test_request_files import ITEM, VALUES
from tests.object_stores import s3_server


@pytest.fixture(scope="module")
def s3():
    """A store."""
    with s3_server() as store:
        yield store


def stored_at(where, monkeypatch, connection_id, store):
    """The settings with that storage, and the connection to it."""
    monkeypatch.setenv(f"AIRFLOW_CONN_{connection_id.upper()}", store.connection)
    changed = settings().model_copy(update={"file_storage": where})
    monkeypatch.setattr(request_files, "settings", lambda: changed)
    return changed


@pytest.fixture
def storage(s3, monkeypatch):
    """The settings that name it."""
    return stored_at("s3://files_s3@bucket/pao", monkeypatch, "files_s3", s3)


@pytest.fixture
def published(world):
    """The world with an item that takes files."""
    world.publish(ITEM)
    world.parse(ITEM)
    return world


def read(request, changed):
    return asyncio.run(with_files(request.fields, {"notes", "key"}, changed, pauses=(0.0,)))


def test_files_are_written_read_and_deleted_there(published, storage, s3):
    """By the API, and by actions; nothing else of the bucket is touched."""
    s3.client().put_object(Bucket=s3.bucket, Key="of-somebody-else", Body=b"x")
    request = published.order(fields=VALUES)
    folder = f"pao/{utc_now():%Y-%m-%d}/{request.id}"

    assert {f"{folder}/notes", f"{folder}/key"} <= set(s3.names())
    assert is_stored(request.fields["notes"])
    assert VALUES == restored(request.fields)
    assert (VALUES["notes"], b"secret words") == (read(request, storage)["notes"], b"secret words")
    assert b"secret words" not in s3.client().get_object(Bucket=s3.bucket, Key=f"{folder}/key")["Body"].read()

    for _ in range(2):
        delete_files(request)
    assert ["of-somebody-else"] == s3.names()
    with pytest.raises(StoredFileError, match="is not in"):
        read(request, storage)


def test_files_without_a_request_are_swept_there(published, storage, s3):
    """As in a folder."""
    old = f"pao/{utc_now() - dt.timedelta(days=2):%Y-%m-%d}"
    s3.client().put_object(Bucket=s3.bucket, Key=f"{old}/{uuid.uuid4()}/notes", Body=b"x")

    assert [1, 0] == [delete_orphans(published.session), delete_orphans(published.session)]
    assert [] == [name for name in s3.names() if name.startswith(old)]


def test_a_store_that_is_away_is_told(published, monkeypatch):
    """An order is refused for now, and leaves nothing; nothing that was accepted is taken for gone."""
    with s3_server() as gone:
        changed = stored_at("s3://files_gone@bucket/pao", monkeypatch, "files_gone", gone)
        request = published.order(fields=VALUES)

    with pytest.raises(ApiProblem) as refused:
        published.order(fields=VALUES)
    published.session.rollback()
    with pytest.raises(ApiProblem) as not_read:
        restored(request.fields)
    assert (503, 503) == (refused.value.status, not_read.value.status)
    with pytest.raises(StoredFileError, match="can't be reached"):
        read(request, changed)
    with pytest.raises(StorageAwayError):
        delete_files(request)


@pytest.mark.parametrize("where", ["gs://google@bucket/pao", "nonsense://x"])
def test_a_store_whose_packages_are_missing_is_told(published, monkeypatch, where):
    """To who orders: not now; the log says why."""
    changed = settings().model_copy(update={"file_storage": where})
    monkeypatch.setattr(request_files, "settings", lambda: changed)

    with pytest.raises(ApiProblem) as refused:
        published.order(fields=VALUES)

    assert 503 == refused.value.status
