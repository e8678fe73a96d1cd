"""What becomes of measured times: percentiles, rates, ratios. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Spread:
    """Times of one kind of call, in milliseconds."""

    count: int
    p50: float
    p95: float
    p99: float
    slowest: float


def spread(seconds: Sequence[float]) -> Spread:
    """The spread of measured times; raises `ValueError` where nothing was measured."""
    return Spread(
        count=len(seconds),
        p50=_ms(percentile(seconds, 50)),
        p95=_ms(percentile(seconds, 95)),
        p99=_ms(percentile(seconds, 99)),
        slowest=_ms(max(seconds)),
    )


def percentile(values: Sequence[float], percent: float) -> float:
    """The value that `percent` of the values are at most, interpolated between the two nearest ones.

    Raises `ValueError` where there are no values.
    """
    if not values:
        raise ValueError("nothing was measured, so there is no percentile")
    ordered = sorted(values)
    place = (len(ordered) - 1) * percent / 100
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def per_minute(count: int, seconds: float) -> float:
    """How many a minute, rounded to a tenth; 0 where no time passed."""
    return round(60 * count / seconds, 1) if seconds > 0 else 0.0


def ratio(ours: float, theirs: float) -> float | None:
    """Ours as a multiple of theirs; None where theirs is nothing to compare with."""
    return round(ours / theirs, 2) if theirs > 0 else None


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 2)
