"""JSON values that count how often they are looked through, so that a query over them ends."""

from __future__ import annotations

import math
import re
from collections.abc import ItemsView, Iterator
from typing import Any

from pydantic import JsonValue

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_CHARACTERS_A_STEP = 100


class TooManyStepsError(Exception):
    """A query looked at more values than it may."""


class UnstorableError(Exception):
    """A value is valid JSON, but no database stores it: NUL, half a surrogate pair, or a number beyond all bounds."""


class Steps:
    """How many more values may be looked at."""

    def __init__(self, most: int) -> None:
        self._left = most

    def take(self, number: int) -> None:
        """Count so many values; raises TooManyStepsError where no more may be looked at."""
        self._left -= number
        if self._left < 0:
            raise TooManyStepsError


def counted(value: JsonValue, steps: Steps) -> JsonValue:
    """The same value; each look through one of its objects or lists takes as many steps as that has entries."""
    match value:
        case dict():
            return _Object({key: counted(entry, steps) for key, entry in value.items()}, steps)
        case list():
            return _List([counted(entry, steps) for entry in value], steps)
    return value


def plain(value: JsonValue, steps: Steps) -> JsonValue:
    """The value itself again, which counts no more.

    Raises:
        TooManyStepsError: if it is too large.
        UnstorableError: if it holds what can't be stored.
    """
    steps.take(1)
    match value:
        case dict():
            return {_text(key, steps): plain(entry, steps) for key, entry in dict.items(value)}
        case list():
            return [plain(entry, steps) for entry in list.__iter__(value)]
        case str():
            return _text(value, steps)
        case float() if not math.isfinite(value):
            raise UnstorableError("a number that is too large")
    return value


def _text(text: str, steps: Steps) -> str:
    steps.take(len(text) // _CHARACTERS_A_STEP)
    if _UNSTORABLE.search(text):
        raise UnstorableError("a NUL character or half a surrogate pair")
    return text


class _Object(dict[str, Any]):
    def __init__(self, entries: dict[str, Any], steps: Steps) -> None:
        super().__init__(entries)
        self._steps = steps

    def items(self) -> ItemsView[str, Any]:  # type: ignore[override] # dict has a view type of its own
        self._steps.take(len(self) + 1)
        return super().items()

    def __eq__(self, other: object) -> bool:
        self._steps.take(len(self) + 1)
        return super().__eq__(other)

    __hash__ = None


class _List(list[Any]):
    def __init__(self, entries: list[Any], steps: Steps) -> None:
        super().__init__(entries)
        self._steps = steps

    def __iter__(self) -> Iterator[Any]:
        self._steps.take(len(self) + 1)
        return super().__iter__()

    def __eq__(self, other: object) -> bool:
        self._steps.take(len(self) + 1)
        return super().__eq__(other)

    __hash__ = None
