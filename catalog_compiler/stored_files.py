"""Keeps the files of requests in a folder or an object store, so that the database and the runs carry references alone.

The API writes, the hosts of actions read. Free of Airflow: they hand in the storage, Airflow's object storage path.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from pydantic import JsonValue

from catalog_compiler.field_types.files import read_data_url
from catalog_compiler.file_references import FILE, FileReference, reference_of
from catalog_compiler.sealing import Sealer, SealError


class StoredFileError(LookupError):
    """A file of a request can't be read any more; the message says which, and what to do."""


class StorageAwayError(OSError):
    """The storage does not answer, or refuses: another time may help, and what is in it is not known."""


@contextmanager
def reaching() -> Iterator[None]:
    """Raise StorageAwayError for whatever a storage says in terms of its own, but for what is not there."""
    try:
        yield
    except FileNotFoundError:
        raise
    except Exception as error:
        raise StorageAwayError(
            f"[pao] file_storage can't be reached ({type(error).__name__}: {error}); an operator looks whether it is "
            "there, and whether its packages and connection are"
        ) from error


class Place(Protocol):
    """A file or folder of the storage, as `pathlib` has them."""

    def __truediv__(self, name: str, /) -> Place:
        """What is in it."""

    @property
    def parent(self) -> Place:
        """The folder that it is in."""

    def mkdir(self, *, parents: bool, exist_ok: bool) -> None:
        """Make a folder."""

    def write_bytes(self, data: bytes, /) -> int:
        """Write a file."""

    def read_bytes(self) -> bytes:
        """Read a file."""


def store(storage: Place, path: str, url: str, sealer: Sealer, *, secret: bool) -> dict[str, JsonValue]:
    """Write the file of a data URL, and give what stands for it. Raises OSError where the storage takes it not."""
    head = url.partition(",")[0]
    content = read_data_url(url).content
    kept = sealer.seal_bytes(content) if secret else content
    with reaching():
        place = storage / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(kept)
    reference = FileReference(
        path=path,
        size=len(content),
        digest=hashlib.sha256(kept).hexdigest(),
        head=sealer.seal(head) if secret else head,
    )
    return {FILE: reference.model_dump(mode="json")}


def restore(storage: Place, value: JsonValue, sealer: Sealer) -> str:
    """The data URL of a stored file. Raises StoredFileError, or StorageAwayError."""
    reference = reference_of(value)
    try:
        with reaching():
            kept = (storage / reference.path).read_bytes()
    except FileNotFoundError:
        raise StoredFileError(
            f"the file '{reference.path}' is not in [pao] file_storage any more; an operator puts it back, or the item "
            "is ordered anew"
        ) from None
    if hashlib.sha256(kept).hexdigest() != reference.digest:
        raise StoredFileError(f"the file '{reference.path}' was changed in [pao] file_storage; order the item anew")
    try:
        content = sealer.open_bytes(kept) if reference.secret else kept
        head = sealer.open(reference.head)
    except SealError as error:
        raise StoredFileError(f"the file '{reference.path}': {error}") from None
    return f"{head},{base64.b64encode(content).decode()}"
