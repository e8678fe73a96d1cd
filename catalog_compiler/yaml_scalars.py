"""Plain scalars by the core schema of YAML 1.2.2 (section 10.3.2): `yes` and `1.0.0` are text, `0o17` is 15."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from functools import partial

SAFE_INTEGER = 2**53 - 1
"""The largest integer that every JSON reader keeps exactly (RFC 7493)."""

_CONSTANTS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_NUMBER_START = frozenset("-+.0123456789")
_MOST_DIGITS = 400
_MOST_SHOWN = 40


class NotJsonError(ValueError):
    """A plain scalar is a number that JSON cannot carry exactly; the message says which and what to do."""


def plain_value(text: str) -> str | int | float | bool | None:
    """The value of a plain (unquoted) scalar.

    Raises:
        NotJsonError: for NaN, the infinities, and numbers too large to be kept exactly.

    """
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if text[0] in _NUMBER_START:
        for form, value in _NUMBERS:
            if form.match(text):
                return value(text)
    return text


def _integer(text: str, base: int) -> int:
    if len(text) <= _MOST_DIGITS:
        value = int(text, base)
        if abs(value) <= SAFE_INTEGER:
            return value
    raise NotJsonError(
        f"the number {_shortened(text)} is beyond {SAFE_INTEGER}, which programs cannot keep exactly; quote it as text"
    )


def _float(text: str) -> float:
    value = float(text)
    if math.isfinite(value):
        return value
    raise NotJsonError(f"the number {_shortened(text)} is too large; write a smaller one, or quote it as text")


def _shortened(text: str) -> str:
    return text if len(text) <= _MOST_SHOWN else f"{text[:20]}... ({len(text)} characters)"


def _not_finite(text: str) -> float:
    raise NotJsonError(f"'{text}' is not a number that JSON has; write a number, or quote it as text")


_NUMBERS: tuple[tuple[re.Pattern[str], Callable[[str], int | float]], ...] = (
    (re.compile(r"[-+]?[0-9]+\Z"), partial(_integer, base=10)),
    (re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z"), _float),
    (re.compile(r"0o[0-7]+\Z"), partial(_integer, base=8)),
    (re.compile(r"0x[0-9a-fA-F]+\Z"), partial(_integer, base=16)),
    (re.compile(r"(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\Z"), _not_finite),
)
"""The forms of numbers, and how each is read."""
