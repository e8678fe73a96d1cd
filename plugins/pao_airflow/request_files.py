"""Gives actions the files of their request: read from the storage where a template needs them, and only then."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping

from airflow.sdk import ObjectStoragePath
from pydantic import JsonValue

from catalog_compiler.file_references import is_stored
from catalog_compiler.sealing import Sealer
from catalog_compiler.settings import PaoSettings
from catalog_compiler.stored_files import StoredFileError, restore


async def with_files(
    values: Mapping[str, JsonValue], wanted: Collection[str], settings: PaoSettings
) -> dict[str, JsonValue]:
    """The values with the content of the wanted files in their place. Raises StoredFileError."""
    names = [name for name in wanted if is_stored(values.get(name))]
    if not names:
        return dict(values)
    root = settings.file_storage
    if root is None:
        raise StoredFileError("the request's files are in a storage that [pao] file_storage no longer names; set it")
    sealer, storage = Sealer(settings.fernet_key), ObjectStoragePath(root)
    read = await asyncio.gather(*(asyncio.to_thread(restore, storage, values[name], sealer) for name in names))
    return {**values, **dict(zip(names, read, strict=True))}
