"""Reads the files of a task's log from where a reader stands: line by line, so that a file may be of any size."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import structlog

from api_plugin.request_logs.entry import Item, Place, Places
from api_plugin.request_logs.lines import later, parse_line
from api_plugin.request_logs.tasks import TaskLog

log = structlog.get_logger(__name__)

LONGEST_LINE = 256 * 1024
"""Bytes of a line that are looked at; the rest of a longer one is passed over."""


def file_sources(task: TaskLog, places: Places) -> list[Iterator[Item]]:
    """One for each file of the task's log that has something new."""
    found = []
    for path in task.files():
        key = f"{task.key}/{path.name.removeprefix(task.path.name)}"
        place = places.get(key, Place())
        if _size(path) > place.read:
            found.append(_read_file(path, key, task, place))
    return found


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _read_file(path: Path, key: str, task: TaskLog, place: Place) -> Iterator[Item]:
    last: dt.datetime | None = None
    read, attempt = place.read, place.attempt
    try:
        with path.open("rb") as file:
            file.seek(max(read - 1, 0))
            if read and file.read(1) != b"\n":
                # No place that a reader was given: half a line might hold half a secret, which is not masked.
                read += _rest_of_line(file)
            while line := file.readline(LONGEST_LINE):
                size = len(line)
                if not line.endswith(b"\n"):
                    size += _rest_of_line(file) if size == LONGEST_LINE else 0
                    if size < LONGEST_LINE and not task.ended:
                        # Its writer is in the middle of it.
                        return
                read += size
                entry, attempt = parse_line(line, task.facts, attempt, last or task.began_at)
                last = later(last, entry, task.began_at)
                yield Item(key=key, at=last, entry=entry, place=Place(read=read, attempt=attempt))
    except OSError as error:
        # It may be taken away meanwhile; what a reader got of it stays right.
        log.warning("task log not read", path=str(path), error=str(error))


def _rest_of_line(file: object) -> int:
    size = 0
    while part := file.readline(LONGEST_LINE):  # type: ignore[attr-defined]
        size += len(part)
        if part.endswith(b"\n"):
            break
    return size
