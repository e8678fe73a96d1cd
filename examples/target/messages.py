"""A request as it came in, and an answer as it goes out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """One HTTP request; header names are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    query: Mapping[str, str] = field(default_factory=dict)
    """Each parameter once; of a repeated one the last."""

    @property
    def segments(self) -> tuple[str, ...]:
        """The parts of the path."""
        return tuple(part for part in self.path.split("/") if part)


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """One HTTP answer."""

    status: int
    body: Any = None
    """A JSON value, or a text where `content_type` is not JSON; None for no body."""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)

    def payload(self) -> bytes:
        """The body as bytes."""
        if self.body is None:
            return b""
        text = json.dumps(self.body) if self.content_type == "application/json" else str(self.body)
        return text.encode()


class RefusedError(Exception):
    """The service refuses a request; nothing was done."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.answer = Answer(status=status, body={"error": reason})
