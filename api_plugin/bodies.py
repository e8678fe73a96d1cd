"""Reads a request's body: its size, its type, its JSON, before anything looks at what it says."""

from __future__ import annotations

import json
from typing import Any, Generic, NoReturn, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from api_plugin.configuration import settings
from api_plugin.exceptions import ApiProblem, FieldProblem, invalid_fields

ModelT = TypeVar("ModelT", bound=BaseModel)


class JsonBody(Generic[ModelT]):
    """A dependency that gives the body as `model`; 413, 415, 400 or 422 where it is not."""

    def __init__(self, model: type[ModelT]) -> None:
        """Name the model; the API's description shows it."""
        self.model = model

    async def __call__(self, request: Request) -> ModelT:
        """Read the body."""
        _check_type(request)
        return _parse(self.model, await _content(request))


def _check_type(request: Request) -> None:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise ApiProblem(
            415, "unsupported-media-type", "Unsupported media type",
            f"the body's Content-Type is '{kind or 'missing'}'; send JSON as application/json",
        )  # fmt: skip


async def _content(request: Request) -> bytes:
    limit = settings().max_body_bytes
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise ApiProblem(
                413, "body-too-large", "Body too large",
                f"the body is larger than {limit:,} bytes; send less, or have [pao] max_body_bytes raised",
                headers={"Connection": "close"},
            )  # fmt: skip
        parts.append(part)
    return b"".join(parts)


def _parse(model: type[ModelT], content: bytes) -> ModelT:
    try:
        value = json.loads(content, parse_constant=_no_constant, object_pairs_hook=_unique_keys)
    except (ValueError, RecursionError) as error:
        raise ApiProblem(400, "malformed-json", "Malformed JSON", f"the body is not JSON: {error}") from None
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise invalid_fields([_field_problem(found) for found in error.errors(include_url=False)]) from None


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON value")


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise ValueError(f"the key '{twice[:50]}' stands twice in one object")
    return result


_CODES = {"missing": "required", "extra_forbidden": "unknown-key"}


def _field_problem(found: Any) -> FieldProblem:
    where = "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in found["loc"])
    code = _CODES.get(found["type"], "wrong-type")
    words = {
        "required": "is missing; add it",
        "unknown-key": "is not known here; remove it or correct its name",
    }
    return FieldProblem(pointer=where, code=code, message=words.get(code, str(found["msg"])))
