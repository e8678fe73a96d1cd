"""The files of requests in `[pao] file_storage`: written before the request is, gone where the request is not made.

Each is at `<day>/<request>/<field>`. What a crash left between writing and committing is found by its day.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping

import structlog
from airflow.sdk import ObjectStoragePath
from pydantic import JsonValue
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from api_plugin.clock import utc_now
from api_plugin.configuration import sealer, settings
from api_plugin.exceptions import unavailable
from api_plugin.store.requests import Request
from catalog_compiler.file_references import is_stored
from catalog_compiler.plan import FieldPlan
from catalog_compiler.stored_files import StorageAwayError, reaching, restore, store

log = structlog.get_logger(__name__)

SWEPT_DAYS = 8
"""How far back files without a request are looked for, beginning with the day before yesterday."""


def keep_files(
    session: Session, request: Request, fields: Iterable[FieldPlan], values: Mapping[str, JsonValue]
) -> dict[str, JsonValue]:
    """The values with each file stored, and a reference in its place; where the session rolls back, they are deleted.

    Where there is no storage, files stay in the values. Raises a 503 problem where the storage is away.
    """
    files = {field.id: field for field in fields if field.type == "file" and values.get(field.id)}
    root = settings().file_storage
    if root is None or not files:
        return dict(values)
    folder = _folder(request)
    _delete_on_rollback(session, folder)
    try:
        storage = _storage(root)
        stored = {
            name: store(storage, f"{folder}/{name}", str(values[name]), sealer(), secret=field.sensitive)
            for name, field in files.items()
        }
    except OSError as error:
        log.warning("files not stored", request_id=str(request.id), error=str(error))
        raise unavailable("the storage of files did not take a file; try again in a moment") from None
    return {**values, **stored}


def restored(values: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """The values with the content of each stored file in its place.

    Raises StoredFileError for one that is gone, and a 503 problem where the storage is away.
    """
    root = settings().file_storage
    try:
        return {
            name: restore(_storage(root or ""), value, sealer()) if is_stored(value) else value
            for name, value in values.items()
        }
    except StorageAwayError as error:
        log.warning("files not read", error=str(error))
        raise unavailable("the storage of files does not answer; try again in a moment") from None


def delete_files(request: Request) -> None:
    """Delete all files of a request, where there are any. Raises StorageAwayError."""
    if any(is_stored(value) for value in request.fields.values()):
        _delete(_folder(request))


def _storage(root: str) -> ObjectStoragePath:
    with reaching():
        return ObjectStoragePath(root)


def _folder(request: Request) -> str:
    return f"{request.created_at.astimezone(dt.UTC):%Y-%m-%d}/{request.id}"


def delete_orphans(session: Session) -> int:
    """Delete the files of the last days whose request was never made, and say of how many requests they were.

    Raises StorageAwayError.
    """
    root = settings().file_storage
    if root is None:
        return 0
    days = [utc_now().date() - dt.timedelta(days=ago) for ago in range(2, 2 + SWEPT_DAYS)]
    deleted = 0
    for day in (_storage(root) / day.isoformat() for day in days):
        with reaching():
            names = [each.name for each in day.iterdir()] if day.exists() else []
        known = {str(found) for found in session.scalars(select(Request.id).where(Request.id.in_(_ids(names))))}
        for name in set(names) - known:
            with reaching():
                (day / name).rmdir(recursive=True)
            deleted += 1
    return deleted


def _ids(names: Iterable[str]) -> list[uuid.UUID]:
    found = []
    for name in names:
        try:
            found.append(uuid.UUID(name))
        except ValueError:
            continue
    return found


def _delete(folder: str) -> None:
    root = settings().file_storage
    if root is None:
        return
    with reaching():
        place = _storage(root) / folder
        if place.exists():
            place.rmdir(recursive=True)


def _delete_on_rollback(session: Session, folder: str) -> None:
    """Not once it commits: whether that came through may be unknown, and what is left over is swept later."""
    committing = False

    def commit_begins(_session: Session) -> None:
        nonlocal committing
        committing = True

    def rolled_back(_session: Session) -> None:
        if committing:
            return
        try:
            _delete(folder)
        except OSError as error:
            log.warning("files left over", folder=folder, error=str(error))

    event.listen(session, "before_commit", commit_begins, once=True)
    event.listen(session, "after_rollback", rolled_back, once=True)
