"""What a call of the API's client can fail with: one exception, in the API's own words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx


@dataclass(frozen=True, kw_only=True, slots=True)
class FieldError:
    """A value that the API does not accept; `pointer` is a JSON pointer into the body that was sent."""

    pointer: str
    code: str
    message: str


class ApiError(Exception):
    """A call that failed: the API's own words, or why it could not be reached."""

    def __init__(self, message: str, *, status: int | None = None, problem: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.status = status
        """The answer's status; None where there was no answer."""
        self.problem = problem or {}
        """The answer's RFC 9457 problem; empty where it was none."""

    @property
    def code(self) -> str | None:
        """The problem's stable code."""
        code = self.problem.get("code")
        return code if isinstance(code, str) else None

    @property
    def detail(self) -> str:
        """What is wrong and what to do, without what was called."""
        return str(self.problem.get("detail") or self)

    @property
    def errors(self) -> tuple[FieldError, ...]:
        """The values that were not accepted."""
        found = self.problem.get("errors")
        entries = found if isinstance(found, list) else ()
        return tuple(
            FieldError(**{name: str(entry.get(name, "")) for name in ("pointer", "code", "message")})
            for entry in entries
            if isinstance(entry, dict)
        )


def failure(response: httpx.Response, problem: dict[str, Any]) -> ApiError:
    """The error that an answer stands for; a proxy in between answers in its own way."""
    where = f"{response.request.method} {response.request.url.path}"
    said = problem.get("detail") or problem.get("title") or response.text[:200]
    return ApiError(f"{where}: {response.status_code}, {said}", status=response.status_code, problem=problem)


def away(method: str, path: str, error: Exception) -> ApiError:
    """The error of a call that had no answer."""
    reason = str(error) or type(error).__name__
    return ApiError(f"{method} {path}: the API can't be reached ({reason}); is it running?")
