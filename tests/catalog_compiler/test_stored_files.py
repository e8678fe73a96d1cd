"""Files of requests beside the database: what stands for them, and what is stored."""

from __future__ import annotations

import base64

import pytest
from cryptography.fernet import Fernet

from catalog_compiler.file_references import described, is_stored, reference_of
from catalog_compiler.sealing import Sealer, masked
from catalog_compiler.stored_files import StorageAwayError, StoredFileError, restore, store

URL = f"data:text/plain;name=my%20notes.txt;base64,{base64.b64encode(b'hello').decode()}"
SEALER = Sealer(Fernet.generate_key().decode())


@pytest.mark.parametrize("secret", [False, True])
def test_a_file_comes_back_as_it_was(tmp_path, secret):
    """Its content, its name and its type."""
    value = store(tmp_path, "day/request/notes", URL, SEALER, secret=secret)

    assert is_stored(value)
    assert URL == restore(tmp_path, value, SEALER)


def test_a_plain_file_is_stored_as_it_is(tmp_path):
    """People see what it is called and how large it is."""
    value = store(tmp_path, "notes", URL, SEALER, secret=False)

    assert b"hello" == (tmp_path / "notes").read_bytes()
    assert {"filename": "my notes.txt", "content_type": "text/plain", "size": 5} == described(value)
    assert {"f": described(value)} == masked({"f": value})


def test_a_secret_file_is_encrypted(tmp_path):
    """So is its name; people see that there is one."""
    value = store(tmp_path, "notes", URL, SEALER, secret=True)

    assert b"hello" not in (tmp_path / "notes").read_bytes()
    assert "my%20notes" not in str(value)
    assert {"f": "***"} == masked({"f": value})


def test_a_file_that_was_changed_is_refused(tmp_path):
    """Nothing else than what was accepted is sent anywhere."""
    value = store(tmp_path, "notes", URL, SEALER, secret=False)
    (tmp_path / "notes").write_bytes(b"other")

    with pytest.raises(StoredFileError, match="'notes' was changed"):
        restore(tmp_path, value, SEALER)


def test_a_file_that_is_gone_is_told(tmp_path):
    """It does not come back by itself."""
    value = store(tmp_path, "notes", URL, SEALER, secret=False)
    (tmp_path / "notes").unlink()

    with pytest.raises(StoredFileError, match=r"'notes' is not in \[pao\] file_storage any more"):
        restore(tmp_path, value, SEALER)


def test_a_storage_that_is_away_is_no_file_that_is_gone(tmp_path):
    """Whatever it says; it may be there again in a moment."""
    value = store(tmp_path / "storage", "notes", URL, SEALER, secret=False)
    (tmp_path / "storage").rename(tmp_path / "elsewhere")
    (tmp_path / "storage").write_text("a file where the folder was")

    with pytest.raises(StorageAwayError, match=r"\[pao\] file_storage can't be reached \(NotADirectoryError"):
        restore(tmp_path / "storage", value, SEALER)
    with pytest.raises(StorageAwayError):
        store(tmp_path / "storage", "a/notes", URL, SEALER, secret=False)


def test_a_secret_file_of_a_key_that_is_gone_is_told(tmp_path):
    """With what to do."""
    value = store(tmp_path, "notes", URL, SEALER, secret=True)

    with pytest.raises(StoredFileError, match="add it to"):
        restore(tmp_path, value, Sealer(Fernet.generate_key().decode()))


@pytest.mark.parametrize("value", [None, "$file", {}, {"$file": {}, "more": 1}, ["$file"]])
def test_what_is_no_file(value):
    """Values of other fields."""
    assert not is_stored(value)


def test_a_reference_says_where_it_is(tmp_path):
    """Relative to the storage, which may move."""
    assert "a/b" == reference_of(store(tmp_path, "a/b", URL, SEALER, secret=False)).path
