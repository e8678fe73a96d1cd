"""When a request is expected to be completed, by what its item's owner promises; and which ones are late.

Everything is in UTC, so that no clock that is put forward or back moves a promise.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from api_plugin.clock import utc_now, utc_text
from api_plugin.notifications.outbox import note
from api_plugin.store.requests import Request, RequestEvent

FLAGGED_AT_ONCE = 500
"""Requests that are flagged in one transaction."""

_PEOPLE = re.compile(r"(\d+) (second|minute|hour|day|week|month)s?", re.ASCII)
_ISO = re.compile(
    r"P(?:(?P<weeks>\d+)W|(?:(?P<years>\d+)Y)?(?:(?P<months>\d+)M)?(?:(?P<days>\d+)D)?"
    r"(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+(?:[.,]\d+)?)S)?)?)",
    re.ASCII,
)
_MONTHS = 12


def expected_end(start: dt.datetime, promised: str | None) -> dt.datetime | None:
    """When what was ordered at `start` is promised: after `30 minutes`, `4 hours`, `2 days`, or as ISO 8601 says.

    None where nothing is promised, or nothing that a calendar can hold. A month ends on the same day, or on the last
    one of a shorter month.
    """
    parts = _parts(promised or "")
    months = int(parts.pop("months", 0)) + _MONTHS * int(parts.pop("years", 0))
    try:
        after = _months_later(start.astimezone(dt.UTC), months) + dt.timedelta(**parts)
    except (OverflowError, ValueError):
        return None
    return after if after > start else None


def is_overdue(request: Request) -> bool:
    """Whether the request is, or was when it ended, later than expected."""
    return request.expected_at is not None and (request.ended_at or utc_now()) > request.expected_at


def overdue_requests() -> ColumnElement[bool]:
    """The same as a condition."""
    return Request.expected_at < func.coalesce(Request.ended_at, func.now())


def flag_overdue(session: Session) -> list[Request]:
    """Tell of each request that is late for the first time, by an event; commits nothing.

    A row that someone else is changing is left for the next time.
    """
    late = session.scalars(
        select(Request)
        .where(Request.expected_at < utc_now(), Request.overdue_at.is_(None), Request.ended_at.is_(None))
        .order_by(Request.expected_at)
        .limit(FLAGGED_AT_ONCE)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()
    for request in late:
        now = utc_now()
        request.overdue_at = request.updated_at = now
        request.event_seq += 1
        data = {"expected_at": utc_text(request.expected_at) if request.expected_at else None}
        session.add(RequestEvent(request_id=request.id, seq=request.event_seq, at=now, type="overdue", data=data))
        note(session, request, "overdue", data, run_try=0)
    session.flush()
    return list(late)


def _parts(promised: str) -> dict[str, float]:
    if people := _PEOPLE.fullmatch(promised):
        return {f"{people[2]}s": float(people[1])}
    iso = _ISO.fullmatch(promised)
    found = iso.groupdict() if iso else {}
    return {name: float(value.replace(",", ".")) for name, value in found.items() if value}


def _months_later(start: dt.datetime, months: int) -> dt.datetime:
    year, month = divmod(start.year * _MONTHS + start.month - 1 + months, _MONTHS)
    if year > dt.MAXYEAR:
        raise OverflowError
    return start.replace(year=year, month=month + 1, day=min(start.day, calendar.monthrange(year, month + 1)[1]))
