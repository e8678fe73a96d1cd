"""Times as the API keeps and writes them: in UTC."""

from __future__ import annotations

import datetime as dt


def utc_now() -> dt.datetime:
    """The present moment."""
    return dt.datetime.now(dt.UTC)


def utc_text(value: dt.datetime) -> str:
    """A time as the API writes it: ISO 8601 in UTC, with `Z`."""
    return value.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")
