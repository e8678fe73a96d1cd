"""Fields that hold a time: date, datetime.

A bound is a date, a date-time (for datetime fields) or relative to today in UTC (`today`, `today+30d`). Relative
bounds are checked by the server alone. For a datetime field a bound that is a date means the whole day in UTC.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, ClassVar

from pydantic import JsonValue
from typing_extensions import override

from catalog_compiler.field_types import time_patterns
from catalog_compiler.field_types.base import EQUALITY, ORDERING, Bound, Fault, FaultCode, FieldType, Flaw, Schema
from catalog_compiler.field_types.limits import order_flaws
from catalog_compiler.field_types.texts import with_patterns
from catalog_compiler.model import FieldTypeName, FormField, Operator
from catalog_compiler.server_rules import ServerRule

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_RELATIVE = re.compile(r"today(?:([+-])([0-9]{1,5})d)?")
A_YEAR = "^0{0,3}[1-9]"
"""The calendar begins in the year 1; formats of JSON Schema know a year 0."""
_TIME = r"[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,9})?"
DATETIME = rf"^{_TIME}(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])$"
_DATETIME = re.compile(DATETIME)
_OTHER_ZONE = r"[+-](?:(?:0[1-9]|1[0-9]|2[0-3]):[0-5][0-9]|00:(?:0[1-9]|[1-5][0-9]))$"


def parse_date(text: JsonValue) -> date | None:
    """The calendar date that a text names as YYYY-MM-DD, or None."""
    if not isinstance(text, str) or not _DATE.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def parse_datetime(text: JsonValue) -> datetime | None:
    """The instant that a text names in RFC 3339 with its zone, in UTC, or None."""
    if not isinstance(text, str) or not _DATETIME.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def written_in_utc(text: str) -> bool:
    """Whether a time names UTC as its zone, as forms write it."""
    return text.endswith(("Z", "+00:00", "-00:00"))


def parse_relative(bound: Bound) -> timedelta | None:
    """The distance from today of a bound such as `today-7d`, or None where it is not relative."""
    match = _RELATIVE.fullmatch(bound) if isinstance(bound, str) else None
    if match is None:
        return None
    days = int(match[2] or 0)
    return timedelta(days=-days if match[1] == "-" else days)


class Date(FieldType):
    """A calendar date, YYYY-MM-DD."""

    name: ClassVar[FieldTypeName] = "date"
    operators = EQUALITY | ORDERING
    words: ClassVar[str] = "a date such as 2026-03-31"
    format: ClassVar[str] = "date"
    own_patterns: ClassVar[tuple[str, ...]] = (A_YEAR,)

    @override
    def order_key(self, value: JsonValue) -> Any:
        return parse_date(value)

    def fixed_bound(self, bound: Bound, *, latest: bool) -> Any:  # noqa: ARG002 - for date-times
        """A bound that is no matter of today, as what `order_key` gives; None for another."""
        return parse_date(bound)

    def relative_bound(self, distance: timedelta, now: datetime, *, latest: bool) -> Any:  # noqa: ARG002 - for date-times
        """A bound relative to today, as what `order_key` gives."""
        return (now.astimezone(UTC) + distance).date()

    def format_rule(self, value: str) -> ServerRule | None:  # noqa: ARG002 - for date-times
        """The rule of the server alone by which a text is none of this type, if it is one."""
        return None

    def bound_rule(self, bound: Bound, value: str) -> ServerRule | None:  # noqa: ARG002 - for date-times
        """The rule of the server alone by which a value keeps a bound, if it is one."""
        return None if parse_relative(bound) is None else "relative-bound"

    def bound_pattern(self, operator: Operator, bound: Any) -> str:
        """A pattern of the values that keep a bound."""
        return time_patterns.date_pattern(operator, bound.isoformat())

    @override
    def schema(self, field: FormField) -> Schema:
        limits = field.validation
        low, high = self.fixed_bound(limits.min, latest=False), self.fixed_bound(limits.max, latest=True)
        patterns = [self.bound_pattern("gte", low)] if low is not None else []
        patterns += [self.bound_pattern("lte", high)] if high is not None else []
        return with_patterns({"type": "string", "format": self.format}, [*self.own_patterns, *patterns])

    @override
    def ui(self, field: FormField) -> Schema:
        low, high = field.validation.min, field.validation.max
        limits = ([f"Not before {_words(low)}."] if low is not None else []) + (
            [f"Not after {_words(high)}."] if high is not None else []
        )
        return {"ui:widget": self.format} | ({"ui:help": " ".join(limits)} if limits else {})

    @override
    def faults(self, field: FormField, value: JsonValue, now: datetime | None) -> Iterator[Fault]:
        if not isinstance(value, str):
            yield Fault(code="wrong-type", text=f"must be a text: {self.words}")
            return
        if field.required and not value:
            yield Fault(code="required", text="must not be empty; give a value")
            return
        moment = self.order_key(value)
        if moment is None:
            yield Fault(code="invalid-format", text=f"must be {self.words}", rule=self.format_rule(value))
            return
        low, high = self._bounds(field, now)
        if low is not None and moment < low:
            yield self._bound_fault("too-early", "before", field.validation.min, value)
        if high is not None and moment > high:
            yield self._bound_fault("too-late", "after", field.validation.max, value)

    @override
    def flaws(self, field: FormField) -> Iterator[Flaw]:
        limits = field.validation
        broken = False
        for key, bound in (("min", limits.min), ("max", limits.max)):
            known = parse_relative(bound) is not None or self.fixed_bound(bound, latest=False) is not None
            if bound is not None and not known:
                broken = True
                message = f"{key} {bound!r} is no bound of a {self.name}; write {self.words}, 'today' or 'today+30d'"
                yield Flaw(("validation", key), "invalid-range", message)
        if broken or limits.min is None or limits.max is None:
            return
        # Bounds are comparable where both are fixed or both relative to one and the same day.
        if (parse_relative(limits.min) is None) == (parse_relative(limits.max) is None):
            low, high = self._bounds(field, datetime(2026, 1, 1, tzinfo=UTC))
            yield from order_flaws(field, low, high)

    @override
    def order_schema(self, operator: Operator, operand: JsonValue) -> Schema:
        return {"type": "string", "pattern": time_patterns.date_pattern(operator, str(operand))}

    def _bound_fault(self, code: FaultCode, place: str, bound: Bound, value: str) -> Fault:
        return Fault(code=code, text=f"must not be {place} {_words(bound)}", rule=self.bound_rule(bound, value))

    def _bounds(self, field: FormField, now: datetime | None) -> tuple[Any, Any]:
        return self._bound(field.validation.min, now, latest=False), self._bound(field.validation.max, now, latest=True)

    def _bound(self, bound: Bound, now: datetime | None, *, latest: bool) -> Any:
        distance = parse_relative(bound)
        if distance is None:
            return self.fixed_bound(bound, latest=latest)
        return None if now is None else self.relative_bound(distance, now, latest=latest)


class Datetime(Date):
    """An instant in RFC 3339, with its time zone.

    A schema can't shift zones: bounds of times in other zones than UTC are the server's to check, and conditions on
    such times are judged by the written time. Form libraries give UTC.
    """

    name: ClassVar[FieldTypeName] = "datetime"
    words: ClassVar[str] = "a time with its zone such as 2026-03-31T09:00:00Z"
    format: ClassVar[str] = "date-time"
    own_patterns = (DATETIME,)

    @override
    def order_key(self, value: JsonValue) -> Any:
        return parse_datetime(value)

    @override
    def equal(self, value: JsonValue, operand: JsonValue) -> bool:
        moment = parse_datetime(value)
        return moment is not None and moment == parse_datetime(operand)

    @override
    def fixed_bound(self, bound: Bound, *, latest: bool) -> Any:
        day, moment = parse_date(bound), parse_datetime(bound)
        if day is not None:
            return _end_of(day, latest=latest)
        return None if moment is None or moment.microsecond else moment

    @override
    def relative_bound(self, distance: timedelta, now: datetime, *, latest: bool) -> Any:
        return _end_of(super().relative_bound(distance, now, latest=latest), latest=latest)

    @override
    def format_rule(self, value: str) -> ServerRule | None:
        # Written well, and a real day, but in UTC beyond the years that there are.
        return "other-zone" if _DATETIME.fullmatch(value) and parse_date(value[:10]) else None

    @override
    def bound_rule(self, bound: Bound, value: str) -> ServerRule | None:
        return super().bound_rule(bound, value) or (None if written_in_utc(value) else "other-zone")

    @override
    def bound_pattern(self, operator: Operator, bound: Any) -> str:
        text = _seconds(bound)
        if bound.microsecond:  # the end of a day: all that is written before its second 60
            operator, text = "lt", text[:-2] + "60"
        return f"{time_patterns.instant_pattern(operator, text, time_patterns.UTC)}|{_OTHER_ZONE}"

    @override
    def equal_schema(self, operand: JsonValue) -> Schema:
        return self.any_schema([operand])

    @override
    def any_schema(self, operands: Sequence[JsonValue]) -> Schema:
        moments = [moment for moment in map(parse_datetime, operands) if moment is not None]
        same = [time_patterns.instant_pattern("eq", _seconds(moment), time_patterns.UTC) for moment in moments]
        return {"type": "string", "pattern": "|".join(same)}

    @override
    def order_schema(self, operator: Operator, operand: JsonValue) -> Schema:
        moment = parse_datetime(operand)
        if moment is None:
            return super().order_schema(operator, operand)
        pattern = time_patterns.instant_pattern(operator, _seconds(moment), time_patterns.ANY_ZONE)
        return {"type": "string", "pattern": pattern}

    @override
    def operand_problem(self, field: FormField, operator: Operator, operand: JsonValue) -> str | None:
        moment = parse_datetime(operand)
        if moment is not None and moment.microsecond:
            return "has a fraction of a second; write whole seconds"
        return super().operand_problem(field, operator, operand)


def _words(bound: Bound) -> str:
    """A bound for people."""
    distance = parse_relative(bound)
    if distance is None or not distance:
        return str(bound)
    days = abs(distance.days)
    return f"{days} day{'s' if days > 1 else ''} {'after' if distance.days > 0 else 'before'} today"


def _end_of(day: date, *, latest: bool) -> datetime:
    """The first or the last moment of a day in UTC."""
    return datetime.combine(day, time.max if latest else time.min, UTC)


def _seconds(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")[: len("2026-03-31T09:00:00")]
