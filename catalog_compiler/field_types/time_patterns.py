"""Comparisons of dates as patterns, since JSON Schema has no other way to say "not before".

Dates in ISO 8601 are of fixed width, so that their order is that of their digits: later than `2026-03` is
`2026-(0[4-9]|1)`, and so on, digit by digit. All patterns are of the kind that `patterns` takes.
"""

from __future__ import annotations

from catalog_compiler.model import Operator

_NO_FRACTION = r"(?:\.0+)?"
_FRACTION = r"(?:\.[0-9]+)?"
_REAL_FRACTION = r"\.[0-9]*[1-9][0-9]*"
UTC = r"(?:Z|[+-]00:00)"
ANY_ZONE = r"(?:Z|[+-][0-9]{2}:[0-9]{2})"


def date_pattern(operator: Operator, bound: str) -> str:
    """Matches the dates that satisfy `gt`, `gte`, `lt` or `lte` against an ISO date."""
    same = [bound] if operator in {"gte", "lte"} else []
    return f"^(?:{'|'.join(_differing(bound, later=operator in {'gt', 'gte'}) + same)})$"


def instant_pattern(operator: Operator, bound: str, zone: str) -> str:
    """Matches date-times that satisfy `eq`, `gt`, `gte`, `lt` or `lte` against a UTC time `YYYY-MM-DDThh:mm:ss`.

    `zone` is the pattern of the zones to match; it does not shift the time.
    """
    same = {
        "eq": [bound + _NO_FRACTION],
        "gt": [bound + _REAL_FRACTION],
        "gte": [bound + _FRACTION],
        "lt": [],
        "lte": [bound + _NO_FRACTION],
    }[operator]
    other = [] if operator == "eq" else _differing(bound, later=operator in {"gt", "gte"})
    return f"^(?:{'|'.join([one + _FRACTION for one in other] + same)}){zone}$"


def _differing(bound: str, *, later: bool) -> list[str]:
    """Patterns of all texts of the same shape that come after (or before) the bound, one for each digit."""
    found = []
    for place, digit in enumerate(bound):
        if not digit.isdigit() or digit == ("9" if later else "0"):
            continue
        low, high = (chr(ord(digit) + 1), "9") if later else ("0", chr(ord(digit) - 1))
        rest = "".join("[0-9]" if sign.isdigit() else sign for sign in bound[place + 1 :])
        found.append(f"{bound[:place]}{low if low == high else f'[{low}-{high}]'}{rest}")
    return found
