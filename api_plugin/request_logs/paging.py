"""One page of a request's log: its sources merged by time, from where the reader stands."""

from __future__ import annotations

import base64
import heapq
import json
import time
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from api_plugin.cursors import decode_cursor, encode_cursor, not_a_cursor
from api_plugin.request_logs.entry import Entry, Item, Place, Places
from api_plugin.request_logs.readers import Wanted

SECONDS = 1.0
"""So long one page looks through entries that its reader did not ask for; then it ends with what it has."""
LONGEST_CURSOR = 1_000_000
"""Bytes that a cursor unpacks to at most."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """What was found."""

    entries: tuple[Entry, ...]
    places: Places
    """Where the reader stands after it."""
    more: bool
    """Whether there is more at this moment."""
    steps: tuple[Places, ...] = ()
    """Where it stands after each entry."""


def read_page(sources: Iterable[Iterator[Item]], places: Places, wanted: Wanted, limit: int) -> Page:
    """The next entries that are wanted, in order of time, `limit` at most."""
    now = dict(places)
    entries: list[Entry] = []
    steps: list[Places] = []
    enough = time.monotonic() + SECONDS
    merged = heapq.merge(*sources, key=_time)
    for count, item in enumerate(merged):
        entry = wanted.shown(item.entry) if item.entry is not None else None
        if len(entries) == limit and entry is not None:
            return _page(entries, steps, steps[-1] if steps else places, more=True)
        now[item.key] = item.place
        if entry is not None:
            entries.append(entry)
            steps.append(dict(now))
        elif count % 256 == 0 and time.monotonic() > enough:
            return _page(entries, steps, now, more=True)
    return _page(entries, steps, now, more=False)


def _page(entries: list[Entry], steps: list[Places], places: Places, *, more: bool) -> Page:
    return Page(entries=tuple(entries), places=places, more=more, steps=tuple(steps))


def _time(item: Item) -> float:
    return item.at.timestamp()


def places_cursor(places: Places) -> str:
    """The cursor that a reader goes on with."""
    plain = {key: [place.read, place.attempt, int(place.missed)] for key, place in places.items()}
    packed = zlib.compress(json.dumps(plain, separators=(",", ":"), sort_keys=True).encode())
    return encode_cursor("log", base64.b85encode(packed).decode())


def cursor_places(cursor: str | None) -> dict[str, Place]:
    """Where the reader of a cursor stands; a 422 problem for what is none."""
    if cursor is None:
        return {}
    kind, packed = decode_cursor(cursor, str, str)
    try:
        unpacker = zlib.decompressobj()
        plain = json.loads(unpacker.decompress(base64.b85decode(packed), LONGEST_CURSOR))
        if kind != "log" or not unpacker.eof:
            raise not_a_cursor()
        return {str(key): _place(*value) for key, value in plain.items()}
    except (ValueError, TypeError, AttributeError, zlib.error, RecursionError):
        raise not_a_cursor() from None


def _place(read: object, attempt: object, missed: object) -> Place:
    if type(read) is not int or type(attempt) is not int or missed not in (0, 1) or read < 0 or attempt < 0:
        raise not_a_cursor()
    return Place(read=read, attempt=attempt, missed=bool(missed))
