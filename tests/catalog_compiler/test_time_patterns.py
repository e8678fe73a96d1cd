"""Comparisons of dates as patterns."""

from __future__ import annotations

from datetime import UTC, date, datetime

from hypothesis import given
from hypothesis import strategies as st

from catalog_compiler.field_types.base import COMPARISONS
from catalog_compiler.field_types.time_patterns import UTC as IN_UTC
from catalog_compiler.field_types.time_patterns import date_pattern, instant_pattern
from catalog_compiler.patterns import compile_pattern

OPERATORS = st.sampled_from(sorted(COMPARISONS))
DATES = st.dates(date(1000, 1, 1)) | st.dates(date(2026, 8, 28), date(2026, 9, 9))
ZONED = st.just(UTC)
# Hypothesis takes the limits without a zone.
TIMES = st.datetimes(datetime(1000, 1, 1), timezones=ZONED) | st.datetimes(  # noqa: DTZ001
    datetime(2026, 8, 9, 18, 59, 58),  # noqa: DTZ001
    datetime(2026, 8, 9, 19, 0, 9),  # noqa: DTZ001
    timezones=ZONED,
)


@given(operator=OPERATORS, bound=DATES, value=DATES)
def test_date_pattern_compares_dates(judge, operator, bound, value):
    """Matching is comparing, for any two dates."""
    pattern, text = date_pattern(operator, bound.isoformat()), value.isoformat()
    assert COMPARISONS[operator](value, bound) == bool(compile_pattern(pattern).search(text))
    assert [[COMPARISONS[operator](value, bound)]] == judge.found([pattern], [text])


@given(operator=OPERATORS, bound=TIMES, value=TIMES)
def test_instant_pattern_compares_times(judge, operator, bound, value):
    """Bounds are whole seconds, values may have fractions."""
    bound = bound.replace(microsecond=0)
    pattern = instant_pattern(operator, bound.strftime("%Y-%m-%dT%H:%M:%S"), IN_UTC)
    text = value.isoformat().replace("+00:00", "Z")
    assert COMPARISONS[operator](value, bound) == bool(compile_pattern(pattern).search(text))
    assert [[COMPARISONS[operator](value, bound)]] == judge.found([pattern], [text])
