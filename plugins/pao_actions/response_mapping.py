"""Takes outputs from a JSON answer by RFC 9535 JSONPath, without the functions that run patterns.

An answer is written by others, and a path may look at each of its values many times: the work is counted, ends at a
limit, and is done beside the event loop where it may be much.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from typing import cast

from jsonpath import JSONPath, JSONPathEnvironment
from jsonpath.exceptions import JSONPathError
from pydantic import JsonValue

from pao_actions.counted_json import Steps, TooManyStepsError, UnstorableError, counted, plain

MOST_STEPS = 300_000
"""Values that all paths of a mapping may look at together, each as often as it is looked at."""

_STEPS_OF_A_LOOK = 30_000
_OPTIONAL = "?"
_LITTLE = 4096
"""Bytes of an answer in which nothing takes long."""


class MappingError(Exception):
    """An answer does not hold what the mapping asks for; the message names the output and its path."""


class _Environment(JSONPathEnvironment):
    """RFC 9535 and nothing else; `match` and `search` would let an answer's text hang the host."""

    def setup_function_extensions(self) -> None:
        super().setup_function_extensions()
        for name in ("match", "search"):
            self.function_extensions.pop(name)


_ENVIRONMENT = _Environment(strict=True)


def path_problem(path: str) -> str | None:
    """What is wrong with a path of a mapping, as a sentence, or None."""
    if not path.startswith("$"):
        return f"'{path}' is not a JSONPath of RFC 9535: it does not start with '$', the answer's root"
    try:
        _compiled(path.removesuffix(_OPTIONAL))
    except JSONPathError as error:
        return f"'{path}' is not a JSONPath of RFC 9535 without match and search: {error.message}"
    return None


def is_singular(path: str) -> bool:
    """Whether a path that is one can find no more than one value."""
    return _compiled(path).singular_query()


async def extracted(mapping: Mapping[str, str], body: bytes, known: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """As `extract`, in a thread where it may take long."""
    if len(body) <= _LITTLE or all(is_singular(path.removesuffix(_OPTIONAL)) for path in mapping.values()):
        return extract(mapping, body, known)
    return await asyncio.to_thread(extract, mapping, body, known)


def extract(
    mapping: Mapping[str, str], body: bytes, known: Mapping[str, JsonValue] | None = None
) -> dict[str, JsonValue]:
    """The outputs that a mapping takes from a JSON body.

    What a path does not find there is taken from `known`, and otherwise is None where the path ends in `?`.

    Raises:
        MappingError: if the body is not JSON, a path finds nothing, or looks at too much.
    """
    if not mapping:
        return {}
    document = read_json(body)
    steps = Steps(MOST_STEPS)
    return {output: _output(output, path, document, steps, known or {}) for output, path in mapping.items()}


def found(mapping: Mapping[str, str], body: bytes) -> dict[str, JsonValue]:
    """The outputs that are there, for an answer that need not hold them all."""
    outputs: dict[str, JsonValue] = {}
    for output, path in mapping.items():
        with suppress(MappingError):
            outputs |= extract({output: path.removesuffix(_OPTIONAL)}, body)
    return outputs


def find_all(path: str, document: JsonValue) -> list[JsonValue]:
    """All that a path finds; nothing where it looks at too much."""
    try:
        return _values(_compiled(path), document, Steps(_STEPS_OF_A_LOOK))
    except (JSONPathError, RecursionError, TooManyStepsError):
        return []


def read_json(body: bytes) -> JsonValue:
    """The body as a value; None for an empty one.

    Raises:
        MappingError: if it is not JSON.
    """
    try:
        return cast("JsonValue", json.loads(body, parse_constant=_no_number)) if body.strip() else None
    except (ValueError, RecursionError):
        raise MappingError("the answer is not JSON, so 'response_mapping' finds nothing in it") from None


def _no_number(text: str) -> None:
    """`NaN` and `Infinity`, which Python reads, are not JSON."""
    raise ValueError(text)


def _output(output: str, path: str, document: JsonValue, steps: Steps, known: Mapping[str, JsonValue]) -> JsonValue:
    try:
        query = _compiled(path.removesuffix(_OPTIONAL))
        found = [plain(value, steps) for value in _values(query, document, steps)]
    except UnstorableError as error:
        raise MappingError(
            f"output '{output}': what the path {path} finds holds {error}, which can't be kept"
        ) from None
    except TooManyStepsError:
        raise MappingError(
            f"output '{output}': the path {path} looks at, or finds, more than {MOST_STEPS} values; write one that "
            "goes straight to what it needs"
        ) from None
    except (JSONPathError, RecursionError) as error:
        reason = str(error).partition("\n")[0]
        raise MappingError(f"output '{output}': the path {path} can't be applied: {reason}") from error
    if found:
        return found[0] if query.singular_query() else found
    if output in known or path.endswith(_OPTIONAL):
        return known.get(output)
    raise MappingError(
        f"output '{output}': the path {path} finds nothing in the answer; correct it, or end it in '?' if that is fine"
    )


def _values(query: JSONPath, document: JsonValue, steps: Steps) -> list[JsonValue]:
    if not isinstance(document, dict | list):
        # The library would read a text as JSON once more.
        return [] if query.segments or document is None else [document]
    if query.singular_query():
        return cast("list[JsonValue]", query.findall(document))
    return cast("list[JsonValue]", query.findall(counted(document, steps)))


@lru_cache(maxsize=1024)
def _compiled(path: str) -> JSONPath:
    query = _ENVIRONMENT.compile(path)
    if not isinstance(query, JSONPath):
        raise JSONPathError("compound paths are not of RFC 9535")
    return query
