"""How the API's client calls: one place for signing in, trying again, and telling what went wrong."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from api_plugin.client_errors import ApiError, away, failure

TIMEOUT = 30.0
"""Seconds that a call may take."""
SILENT_SECONDS = 60.0
"""After so long without a line, four of the API's signs of life, an answer that goes on counts as broken."""
LONGEST_PAUSE = 30.0
"""Seconds that are waited at most before a call is made again, whatever the API wishes."""

_PASSING = {429, 502, 503, 504}
"""Statuses of answers that say: not now."""

ModelT = TypeVar("ModelT", bound=BaseModel)


@dataclass(frozen=True, kw_only=True, slots=True)
class Patience:
    """How often a call is made where it can be made again without doing anything twice."""

    attempts: int = 1
    pause: float = 0.5
    """Seconds before the second attempt; each further pause is twice as long."""
    sleep: Callable[[float], None] = time.sleep


class Transport:
    """Calls the API as whoever the token belongs to."""

    def __init__(self, *, base_url: str, token: str, timeout: float, patience: Patience) -> None:
        """`base_url` is the deployment's, without `/api/v1`."""
        self.base_url = base_url.rstrip("/")
        self.headers = {"Authorization": f"Bearer {token}"}
        self._patience = patience
        self._http = httpx.Client(base_url=self.base_url, headers=self.headers, timeout=timeout)

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        self._patience.sleep(seconds)

    def call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        params: Mapping[str, Any] | None = None,
        key: str | None = None,
    ) -> dict[str, Any]:
        """The JSON object that an operation answers; raises ApiError.

        What only reads, and what carries an idempotency key, is called again where the connection broke or the API was
        not able to take it.
        """
        headers = {} if key is None else {"Idempotency-Key": key}
        asked = {name: value for name, value in (params or {}).items() if value is not None}
        attempts = self._patience.attempts if method == "GET" or key is not None else 1
        for attempt in range(1, attempts + 1):
            try:
                response = self._http.request(method, path, json=body, params=asked or None, headers=headers)
            except httpx.HTTPError as error:
                if attempt == attempts or isinstance(error, httpx.UnsupportedProtocol):
                    raise away(method, path, error) from error
                self._pause(attempt, None)
                continue
            if response.status_code in _PASSING and attempt < attempts:
                self._pause(attempt, response.headers.get("Retry-After"))
                continue
            return _content(response)
        raise AssertionError("a client makes at least one attempt")

    def model(
        self,
        kind: type[ModelT],
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        params: Mapping[str, Any] | None = None,
    ) -> ModelT:
        """The same as a model."""
        return validated(kind, self.call(method, path, body, params=params), f"{method} {path}")

    @contextmanager
    def stream(self, path: str, *, params: Mapping[str, Any]) -> Iterator[Iterator[str]]:
        """The lines of an answer as they come; raises ApiError."""
        asked = {name: value for name, value in params.items() if value is not None}
        timeout = httpx.Timeout(TIMEOUT, read=SILENT_SECONDS)
        try:
            with self._http.stream("GET", path, params=asked, timeout=timeout) as response:
                if response.is_error:
                    response.read()
                    raise failure(response, _json_object(response) or {})
                yield response.iter_lines()
        except httpx.HTTPError as error:
            raise away("GET", path, error) from error

    def _pause(self, attempt: int, wish: str | None) -> None:
        pause = self._patience.pause * 2 ** (attempt - 1)
        if wish is not None and wish.isascii() and wish.isdigit():
            pause = max(pause, float(wish))
        self._patience.sleep(min(pause, LONGEST_PAUSE))


def validated(kind: type[ModelT], answer: Mapping[str, Any], where: str) -> ModelT:
    """An answer as a model; raises ApiError where it is something else."""
    try:
        return kind.model_validate(answer)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = "/".join(str(part) for part in first["loc"])
        raise ApiError(
            f"{where}: the answer is not what this version of pao knows ('{place}': {first['msg']}); use the version "
            "that the server has"
        ) from error


def _content(response: httpx.Response) -> dict[str, Any]:
    answer = _json_object(response)
    if response.is_error or answer is None:
        raise failure(response, answer or {})
    return answer


def _json_object(response: httpx.Response) -> dict[str, Any] | None:
    """What the API answers with is an object; a proxy or a sign-in page in between gives something else."""
    try:
        answer = response.json()
    except ValueError:
        return None
    return answer if isinstance(answer, dict) else None
