"""PAO's own events of a request as entries of its log. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from api_plugin.request_logs.entry import EVENTS, Entry, Item, Level, Place, Places

_GRAVE = {"failed", "rollback_failed", "outcome_unknown"}
_UNUSUAL = {"cancelling", "cancelled", "rolling_back", "retrying"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Happened:
    """An event of a request, as it was stored."""

    seq: int
    at: dt.datetime
    type: str
    data: Mapping[str, Any]


def event_source(events: Iterable[Happened], places: Places) -> Iterator[Item]:
    """The events of a request from its first one on, as far as they are new to the reader."""
    place = places.get(EVENTS, Place())
    before: dict[str, str] = {}
    last: dt.datetime | None = None
    for event in events:
        entry = _entry(event, before)
        last = max(last, entry.at) if last else entry.at
        if event.seq > place.read:
            yield Item(key=EVENTS, at=last, entry=entry, place=Place(read=event.seq))


def _entry(event: Happened, before: dict[str, str]) -> Entry:
    action = event.data.get("action")
    if event.type == "action" and isinstance(action, Mapping):
        return _of_action(event, action, before)
    status = event.data.get("status")
    if event.type == "status" and isinstance(status, str):
        error = event.data.get("error")
        words = _words(status)
        return Entry(
            at=event.at,
            level=_level(status),
            source="request",
            event="request_status",
            message=f"request {words}: {error}" if error else f"request {words}",
            data={name: value for name, value in event.data.items() if name != "error"},
        )
    return Entry(
        at=event.at, level="info", source="request", event=event.type, message=_words(event.type), data=event.data
    )


def _of_action(event: Happened, action: Mapping[str, Any], before: dict[str, str]) -> Entry:
    name, status = str(action["name"]), str(action["status"])
    changed = before.get(name) != status
    before[name] = status
    error, url = action.get("error"), action.get("url")
    return Entry(
        at=_since(event, action, status),
        # What else became known of an action, such as a link, is there in the request.
        level=_level(status) if changed else "debug",
        source="request",
        action=name,
        attempt=action.get("attempt") or None,
        event="action_status",
        message=f"{_words(status)}: {error}" if error and status in _GRAVE else _words(status),
        data={"status": status} | ({"url": url} if url else {}),
    )


def _since(event: Happened, action: Mapping[str, Any], status: str) -> dt.datetime:
    """When it came to be: events of actions have the time at which somebody looked."""
    told = action.get("started_at") if status == "running" else action.get("ended_at")
    try:
        since = dt.datetime.fromisoformat(str(told))
    except ValueError:
        return event.at
    # An action that is undone, or begun anew, has the times of before.
    return since if status in {"running", "completed", "failed", "skipped", "outcome_unknown"} else event.at


def _level(status: str) -> Level:
    if status in _GRAVE:
        return "error"
    return "warning" if status in _UNUSUAL else "info"


def _words(status: str) -> str:
    return status.replace("_", " ")
