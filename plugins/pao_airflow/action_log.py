"""The log of a running action: events with fields, its secrets masked by their exact text."""

from __future__ import annotations

from collections.abc import Iterable

import structlog
from pydantic import JsonValue

from catalog_compiler.sealing import MASK

SHORTEST_MASKED = 5
"""Shorter secrets are not masked: they would blot out half of every text."""


class Masker:
    """Replaces secret texts in what others wrote, for example a target's answer."""

    def __init__(self, secrets: Iterable[str]) -> None:
        """Mask these texts, the longest first, so that one that holds another is masked whole."""
        self._secrets: list[str] = []
        self.add(*secrets)

    def add(self, *texts: str) -> None:
        """Mask these texts too, from now on."""
        found = {text for text in (*self._secrets, *texts) if len(text) >= SHORTEST_MASKED}
        self._secrets = sorted(found, key=len, reverse=True)

    def text(self, text: str) -> str:
        """The text without the secrets."""
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        return text

    def value(self, value: JsonValue) -> JsonValue:
        """A JSON value without the secrets in its texts."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.value(part) for part in value]
        if isinstance(value, dict):
            return {key: self.value(part) for key, part in value.items()}
        return value


class MaskedLog:
    """The `ActionLog` that hosts hand to actions; goes to the task's log in Airflow."""

    def __init__(self, masker: Masker, **context: str) -> None:
        """Write with these fields (request, action, correlation id) on every line."""
        self._log = structlog.get_logger("pao.action").bind(**context)
        self._masker = masker

    def info(self, event: str, **fields: JsonValue) -> None:
        """Tell of progress."""
        self._log.info(event, **self._masked(fields))

    def warning(self, event: str, **fields: JsonValue) -> None:
        """Tell of what went wrong and is being mended."""
        self._log.warning(event, **self._masked(fields))

    def error(self, event: str, **fields: JsonValue) -> None:
        """Tell of what failed."""
        self._log.error(event, **self._masked(fields))

    def _masked(self, fields: dict[str, JsonValue]) -> dict[str, JsonValue]:
        return {name: self._masker.value(value) for name, value in fields.items()}
