"""What can go wrong in the API, as RFC 9457 problems. One base; the class's fields are what the caller gets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True, slots=True)
class FieldProblem:
    """One wrong value of a submitted body; `pointer` is a JSON pointer (RFC 6901) into it."""

    pointer: str
    code: str
    message: str


@dataclass(eq=False)
class ApiProblem(Exception):  # noqa: N818 - RFC 9457's word
    """A call that fails. `code` is stable, `detail` says what is wrong and what to do; never a secret in either."""

    status: int
    code: str
    title: str
    detail: str
    errors: Sequence[FieldProblem] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    extra: Mapping[str, str] = field(default_factory=dict)
    """Further members of the problem, such as the current revision."""
    refusal: bool = False
    """Whether the caller reached for what is not theirs: that goes on record."""


def not_signed_in(detail: str) -> ApiProblem:
    """401: no credentials, or none that are good."""
    return ApiProblem(401, "not-signed-in", "Not signed in", detail, headers={"WWW-Authenticate": "Bearer"})


def not_allowed(detail: str) -> ApiProblem:
    """403: signed in, without the permission."""
    return ApiProblem(403, "not-allowed", "Not allowed", detail, refusal=True)


def not_found(detail: str, code: str = "not-found", *, refusal: bool = False) -> ApiProblem:
    """404: does not exist, or (a `refusal`) the caller must not know that it does."""
    return ApiProblem(404, code, "Not found", detail, refusal=refusal)


def conflict(code: str, detail: str, **extra: str) -> ApiProblem:
    """409: right in itself, but not in the present state."""
    return ApiProblem(409, code, "Conflict with the present state", detail, extra=extra)


def invalid_fields(errors: Sequence[FieldProblem]) -> ApiProblem:
    """422: the body is JSON, and says something that can't be; every error at once."""
    count = len(errors)
    detail = f"{count} value{'s are' if count > 1 else ' is'} not accepted; see errors for each"
    return ApiProblem(422, "invalid-body", "The request is not valid", detail, errors=errors)


def unavailable(detail: str, retry_after: int = 5) -> ApiProblem:
    """503: something that this needs is away; try again after so many seconds."""
    return ApiProblem(503, "unavailable", "Not available now", detail, headers={"Retry-After": str(retry_after)})
