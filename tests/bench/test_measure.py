"""Percentiles, rates and ratios."""

from __future__ import annotations

import pytest

from bench.measure import Spread, per_minute, percentile, ratio, spread


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [
        ([7.0], 99, 7.0),
        ([1.0, 3.0], 50, 2.0),
        ([3.0, 1.0, 2.0], 50, 2.0),
        ([1.0, 2.0, 3.0, 4.0, 5.0], 0, 1.0),
        ([1.0, 2.0, 3.0, 4.0, 5.0], 100, 5.0),
        (list(range(101)), 95, 95.0),
        ([0.0, 10.0], 95, 9.5),
    ],
)
def test_a_percentile_lies_between_the_two_nearest_values(values, percent, expected):
    """In whatever order they were measured."""
    assert expected == pytest.approx(percentile(values, percent))


def test_nothing_measured_has_no_percentile():
    """A part that measured nothing must not look like a fast one."""
    with pytest.raises(ValueError, match="nothing was measured"):
        percentile([], 50)


def test_a_spread_is_in_milliseconds():
    """Clocks give seconds."""
    seconds = [0.001 * number for number in range(101)]

    assert Spread(count=101, p50=50.0, p95=95.0, p99=99.0, slowest=100.0) == spread(seconds)


@pytest.mark.parametrize(
    ("count", "seconds", "expected"), [(200, 60.0, 200.0), (10, 4.0, 150.0), (0, 5.0, 0.0), (3, 0.0, 0.0)]
)
def test_a_rate_is_by_the_minute(count, seconds, expected):
    """No time at all gives no rate."""
    assert expected == per_minute(count, seconds)


@pytest.mark.parametrize(("ours", "theirs", "expected"), [(1.0, 4.0, 0.25), (3.0, 2.0, 1.5), (1.0, 0.0, None)])
def test_a_ratio_says_how_many_times_theirs_ours_is(ours, theirs, expected):
    """There is none where theirs came to nothing."""
    assert expected == ratio(ours, theirs)
