"""Reads a request's body: its size, its type, its JSON, before anything looks at what it says."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, NoReturn, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from api_plugin.configuration import settings
from api_plugin.exceptions import ApiProblem, FieldProblem, invalid_fields

ModelT = TypeVar("ModelT", bound=BaseModel)
_KEPT = "pao_content"
"""Where on a call its body is kept."""
_SAID = "pao_json"
"""Where on a call the JSON of its body is kept."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft(Generic[ModelT]):
    """A body that may have faults: what is left of it can still be judged, so that the caller is told all at once."""

    body: ModelT
    """Without the members that have faults."""
    faults: tuple[FieldProblem, ...]


class BodyReader(Generic[ModelT]):
    """Reads bodies of one model; what the API's description finds on an operation that takes one."""

    required: ClassVar[bool] = True

    def __init__(self, model: type[ModelT]) -> None:
        """Name the model; the API's description shows it."""
        self.model = model

    async def read(self, request: Request) -> Draft[ModelT]:
        """Read the body; raises where it is not the model even without its faults."""
        _check_type(request)
        return _draft(self.model, await read_json(request))


class JsonBody(BodyReader[ModelT]):
    """A dependency that gives the body as `model`; 413, 415, 400 or 422 where it is not."""

    async def __call__(self, request: Request) -> ModelT:
        """Read the body."""
        draft = await self.read(request)
        if draft.faults:
            raise invalid_fields(draft.faults)
        return draft.body


class OptionalJsonBody(JsonBody[ModelT]):
    """The same for an operation that needs none: without a body it is the model's defaults."""

    required: ClassVar[bool] = False

    async def __call__(self, request: Request) -> ModelT:
        """Read the body, if there is one."""
        return await super().__call__(request) if await read_content(request) else self.model()


class JsonDraft(BodyReader[ModelT]):
    """The same for an operation that has more to judge: it raises the body's faults together with its own."""

    async def __call__(self, request: Request) -> Draft[ModelT]:
        """Read the body."""
        return await self.read(request)


def _check_type(request: Request) -> None:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise ApiProblem(
            415, "unsupported-media-type", "Unsupported media type",
            f"the body's Content-Type is '{kind or 'missing'}'; send JSON as application/json",
        )  # fmt: skip


async def read_content(request: Request) -> bytes:
    """The body as it was sent, kept for whoever asks once more; a 413 problem where it is larger than the limit."""
    kept: bytes | None = getattr(request.state, _KEPT, None)
    if kept is not None:
        return kept
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
    content = b"".join(parts)
    setattr(request.state, _KEPT, content)
    return content


async def read_json(request: Request) -> Any:
    """What the body says, kept for whoever asks once more; a 400 problem where it is not JSON."""
    if not hasattr(request.state, _SAID):
        setattr(request.state, _SAID, _parse(await read_content(request)))
    return getattr(request.state, _SAID)


def _parse(content: bytes) -> Any:
    try:
        return json.loads(content, parse_constant=_no_constant, object_pairs_hook=_unique_keys)
    except (ValueError, RecursionError) as error:
        raise ApiProblem(400, "malformed-json", "Malformed JSON", f"the body is not JSON: {error}") from None


def _draft(model: type[ModelT], value: Any) -> Draft[ModelT]:
    try:
        return Draft(body=model.model_validate(value), faults=())
    except ValidationError as error:
        found = error.errors(include_url=False)
    faults = tuple(_field_problem(each) for each in found)
    wrong = {each["loc"][0] for each in found if each["loc"]}
    try:
        rest = {key: part for key, part in value.items() if key not in wrong} if isinstance(value, dict) else value
        return Draft(body=model.model_validate(rest), faults=faults)
    except ValidationError:
        raise invalid_fields(faults) from None


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON value")


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise ValueError(f"the key '{twice[:50]}' stands twice in one object")
    return result


_CODES = {"missing": "required", "extra_forbidden": "unknown-key", "invalid-characters": "invalid-characters"}


def _field_problem(found: Any) -> FieldProblem:
    where = "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in found["loc"])
    code = _CODES.get(found["type"], "wrong-type")
    words = {
        "required": "is missing; add it",
        "unknown-key": "is not known here; remove it or correct its name",
    }
    return FieldProblem(pointer=where, code=code, message=words.get(code, str(found["msg"])))
