"""The `date` filter's formats: a fixed subset of strftime that does not depend on a machine's locale."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_DIRECTIVE = re.compile(r"%(.?)", re.DOTALL)


def _offset(moment: datetime) -> str:
    return moment.strftime("%z")


DIRECTIVES: Mapping[str, Callable[[datetime], str]] = {
    "Y": lambda moment: f"{moment.year:04d}",
    "y": lambda moment: f"{moment.year % 100:02d}",
    "m": lambda moment: f"{moment.month:02d}",
    "B": lambda moment: _MONTHS[moment.month - 1],
    "b": lambda moment: _MONTHS[moment.month - 1][:3],
    "d": lambda moment: f"{moment.day:02d}",
    "j": lambda moment: f"{moment.timetuple().tm_yday:03d}",
    "A": lambda moment: _DAYS[moment.weekday()],
    "a": lambda moment: _DAYS[moment.weekday()][:3],
    "V": lambda moment: f"{moment.isocalendar().week:02d}",
    "H": lambda moment: f"{moment.hour:02d}",
    "I": lambda moment: f"{(moment.hour - 1) % 12 + 1:02d}",
    "p": lambda moment: "AM" if moment.hour < 12 else "PM",  # noqa: PLR2004 - noon
    "M": lambda moment: f"{moment.minute:02d}",
    "S": lambda moment: f"{moment.second:02d}",
    "z": _offset,
    "s": lambda moment: str(int(moment.timestamp())),
    "%": lambda _: "%",
}
"""What each letter after a `%` writes; names of days and months are English, `%s` is seconds since 1970."""


def unknown_directives(pattern: str) -> tuple[str, ...]:
    """The directives of a format that are not in the subset."""
    return tuple(f"%{letter}" for letter in _DIRECTIVE.findall(pattern) if letter not in DIRECTIVES)


def format_date(text: str, pattern: str) -> str:
    """Write an ISO 8601 date or time in another format; one without a time zone counts as UTC.

    Raises:
        ValueError: if the text is not a date.
    """
    moment = _moment(text)
    return _DIRECTIVE.sub(lambda match: DIRECTIVES[match[1]](moment), pattern)


def _moment(text: str) -> datetime:
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        parsed = datetime.combine(date.fromisoformat(text), datetime.min.time())
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
