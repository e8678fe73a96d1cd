"""Who may read what of a request's log, and with which texts masked. Pure.

Actions mask their secrets as they write. What a request's own sealed values are is masked once more as it is read, so
that a library that wrote one into a task's log does not show it either.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from pydantic import JsonValue

from api_plugin.request_logs.entry import LEVELS, Entry, Level
from catalog_compiler.sealing import MASK, Sealer, SealError, is_sealed

SHORTEST_MASKED = 5
"""Shorter secrets are not masked: they would blot out half of every text."""
LONGEST_TEXT = 4000
"""Characters of a message, or of a text beside it, that are shown."""
DEEPEST = 10
"""Levels of a structure that are shown."""
TRACEBACK = "Traceback (most recent call last)"
_FOR_OPERATORS = frozenset({"traceback", "exception", "error_detail", "exc_info", "stack", "why_away"})
"""Fields that tell how the platform is built."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """Which entries a reader asks for."""

    operator: bool = False
    """Whether it may read what Airflow wrote, and tracebacks."""
    action: str | None = None
    attempt: int | None = None
    level: Level = "info"
    """And everything graver."""
    secrets: tuple[str, ...] = ()
    """Texts to mask, the longest first."""

    def masking(self, secrets: tuple[str, ...]) -> Wanted:
        """The same, with these texts masked."""
        return replace(self, secrets=secrets)

    def shown(self, entry: Entry) -> Entry | None:
        """The entry as the reader gets it, if it does."""
        if LEVELS.index(entry.level) < LEVELS.index(self.level):
            return None
        if self.action is not None and entry.action != self.action:
            return None
        if self.attempt is not None and entry.attempt != self.attempt:
            return None
        if not self.operator:
            if entry.source == "airflow":
                return None
            entry = _without_tracebacks(entry)
        data = {self._text(name): self._value(value) for name, value in entry.data.items()}
        return replace(entry, message=self._text(entry.message), data=data)

    def _text(self, text: str) -> str:
        """Masked first, and then cut: half a secret would not be found."""
        for secret in self.secrets:
            text = text.replace(secret, MASK)
        if not text.isascii():
            # A half of a character stands in no answer.
            text = text.encode("utf-8", "replace").decode()
        if len(text) <= LONGEST_TEXT:
            return text
        return f"{text[:LONGEST_TEXT]}… ({len(text) - LONGEST_TEXT} more characters)"

    def _value(self, value: JsonValue, depth: int = 0) -> JsonValue:
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, float) and not math.isfinite(value):
            return str(value)
        if isinstance(value, list | dict) and depth == DEEPEST:
            return "…"
        if isinstance(value, list):
            return [self._value(part, depth + 1) for part in value]
        if isinstance(value, dict):
            return {self._text(key): self._value(part, depth + 1) for key, part in value.items()}
        return value


def _without_tracebacks(entry: Entry) -> Entry:
    data = {
        name: value
        for name, value in entry.data.items()
        if name not in _FOR_OPERATORS and not (isinstance(value, str) and TRACEBACK in value)
    }
    message = entry.message.partition(TRACEBACK)[0].rstrip() if TRACEBACK in entry.message else entry.message
    return replace(entry, message=message, data=data)


def sealed_texts(sealer: Sealer, stored: Iterable[Mapping[str, JsonValue]]) -> tuple[str, ...]:
    """The texts of all sealed values among stored ones, the longest first; what can't be opened is left out."""
    found = {text for values in stored for text in _sealed(sealer, dict(values)) if len(text) >= SHORTEST_MASKED}
    return tuple(sorted(found, key=len, reverse=True))


def _sealed(sealer: Sealer, value: JsonValue) -> Iterator[str]:
    if is_sealed(value):
        try:
            yield from _texts(sealer.open(value))
        except SealError:
            return
    for part in _parts(value):
        yield from _sealed(sealer, part)


def _texts(value: JsonValue) -> Iterator[str]:
    if isinstance(value, str):
        yield value
        yield value.strip()
    for part in _parts(value):
        yield from _texts(part)


def _parts(value: JsonValue) -> Iterable[JsonValue]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()
