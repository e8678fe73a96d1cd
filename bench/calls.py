"""The measuring client: HTTP over one kept-alive connection.

The standard library's client takes a tenth of a millisecond a call. On a machine where the client and the server share
the cores, a richer one would be measured as well.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPMessage
from typing import Any

TIMEOUT = 120.0
"""Seconds until a call counts as lost."""


class UnexpectedAnswerError(Exception):
    """The stack answered something else than was measured for; the text holds the answer."""


class LostCallError(UnexpectedAnswerError):
    """The stack did not answer in time, or cut the connection; the next call makes a new one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """An answer, and the seconds from the call to its last byte."""

    seconds: float
    headers: HTTPMessage
    content: bytes

    def json(self) -> Any:
        """The content; its form is the API's business."""
        return json.loads(self.content)


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """Where to call, and as whom."""

    host: str
    port: int
    token: str

    @contextmanager
    def connected(self) -> Iterator[Caller]:
        """A connection of its own, closed at the end. For one thread."""
        connection = HTTPConnection(self.host, self.port, timeout=TIMEOUT)
        try:
            yield Caller(connection=connection, headers={"Authorization": f"Bearer {self.token}"})
        finally:
            connection.close()


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller:
    """Calls over one connection."""

    connection: HTTPConnection
    headers: Mapping[str, str]

    def call(
        self, method: str, path: str, *, body: Any = None, headers: Mapping[str, str] | None = None, wanted: int = 200
    ) -> Reply:
        """Call once; raises `UnexpectedAnswerError` for any other status than the `wanted` one, or none."""
        content = None if body is None else json.dumps(body).encode()
        sent = {**self.headers, **({"Content-Type": "application/json"} if content else {}), **(headers or {})}
        started = time.perf_counter()
        try:
            self.connection.request(method, path, body=content, headers=sent)
            response = self.connection.getresponse()
            answer = response.read()
        except (OSError, HTTPException) as error:
            self.connection.close()
            raise LostCallError(f"{method} {path} was not answered: {error!r}") from error
        seconds = time.perf_counter() - started
        if response.status != wanted:
            words = answer[:500].decode(errors="replace")
            raise UnexpectedAnswerError(f"{method} {path} answered {response.status} instead of {wanted}: {words}")
        return Reply(seconds=seconds, headers=response.headers, content=answer)
