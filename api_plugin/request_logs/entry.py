"""One entry of a request's log, and where a reader of the log stands. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from pydantic import JsonValue

Level = Literal["debug", "info", "warning", "error"]
LEVELS: tuple[Level, ...] = ("debug", "info", "warning", "error")
Source = Literal["request", "action", "airflow"]

EVENTS = "events"
"""The key of our own events among the sources of a log."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """Something that happened."""

    at: dt.datetime
    level: Level
    source: Source
    """`request` for PAO's own events, `action` for what an action wrote, `airflow` for everything else."""
    message: str
    action: str | None = None
    attempt: int | None = None
    undoing: bool = False
    event: str | None = None
    """What happened, as a name that stays the same."""
    data: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Up to where a source was read."""

    read: int = 0
    """Bytes of a file, entries of anything else."""
    attempt: int = 0
    """The attempt that was at work there: lines within one do not name it."""
    missed: bool = False
    """Whether the reader was told that the source is not at hand."""


Places = Mapping[str, Place]
"""Places by the keys of sources; one that is not in it was not read yet."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """What a source gives: an entry, or None for what nobody is to see, and the place after it."""

    key: str
    at: dt.datetime
    """In order within the source, also where an entry's own time is not."""
    entry: Entry | None
    place: Place
