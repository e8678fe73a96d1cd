"""Gives actions the files of their request: read from the storage where a template needs them, and only then."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress

from airflow.sdk import ObjectStoragePath
from pydantic import JsonValue

from catalog_compiler.file_references import is_stored
from catalog_compiler.sealing import Sealer
from catalog_compiler.settings import PaoSettings
from catalog_compiler.stored_files import StorageAwayError, StoredFileError, reaching, restore

PAUSES = (1.0, 2.0, 4.0, 8.0, 16.0)
"""Seconds before each further try of a storage that is away: nothing was done yet, so nobody is to undo anything."""


async def with_files(
    values: Mapping[str, JsonValue],
    wanted: Collection[str],
    settings: PaoSettings,
    *,
    pauses: Iterable[float] = PAUSES,
) -> dict[str, JsonValue]:
    """The values with the content of the wanted files in their place. Raises StoredFileError."""
    names = [name for name in wanted if is_stored(values.get(name))]
    if not names:
        return dict(values)
    root = settings.file_storage
    if root is None:
        raise StoredFileError("the request's files are in a storage that [pao] file_storage no longer names; set it")
    sealer = Sealer(settings.fernet_key)
    read = await asyncio.gather(*(_read(root, values[name], sealer, pauses) for name in names))
    return {**values, **dict(zip(names, read, strict=True))}


async def _read(root: str, value: JsonValue, sealer: Sealer, pauses: Iterable[float]) -> str:
    def read() -> str:
        with reaching():
            storage = ObjectStoragePath(root)
        return restore(storage, value, sealer)

    for pause in pauses:
        with suppress(StorageAwayError):
            return await asyncio.to_thread(read)
        await asyncio.sleep(pause)
    try:
        return await asyncio.to_thread(read)
    except StorageAwayError as error:
        raise StoredFileError(str(error)) from error
