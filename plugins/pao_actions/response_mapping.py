"""Takes outputs from a JSON answer by RFC 9535 JSONPath, without the functions that run patterns."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import cast

from jsonpath import JSONPath, JSONPathEnvironment
from jsonpath.exceptions import JSONPathError
from pydantic import JsonValue

_OPTIONAL = "?"


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
    try:
        _compiled(path.removesuffix(_OPTIONAL))
    except JSONPathError as error:
        return f"'{path}' is not a JSONPath of RFC 9535 without match and search: {error.message}"
    return None


def extract(mapping: Mapping[str, str], body: bytes) -> dict[str, JsonValue]:
    """The outputs that a mapping takes from a JSON body; a path that ends in `?` gives None where it finds nothing.

    Raises:
        MappingError: if the body is not JSON, or a path finds nothing.
    """
    if not mapping:
        return {}
    try:
        document = json.loads(body) if body.strip() else None
    except (ValueError, RecursionError):
        raise MappingError("the answer is not JSON, so 'response_mapping' finds nothing in it") from None
    return {output: _find(output, path, document) for output, path in mapping.items()}


def _find(output: str, path: str, document: JsonValue) -> JsonValue:
    try:
        query = _compiled(path.removesuffix(_OPTIONAL))
        found = _values(query, document)
    except (JSONPathError, RecursionError) as error:
        reason = str(error).partition("\n")[0]
        raise MappingError(f"output '{output}': the path {path} can't be applied: {reason}") from error
    if found:
        return found[0] if query.singular_query() else found
    if path.endswith(_OPTIONAL):
        return None
    raise MappingError(
        f"output '{output}': the path {path} finds nothing in the answer; correct it, or end it in '?' if that is fine"
    )


def _values(query: JSONPath, document: JsonValue) -> list[JsonValue]:
    if not isinstance(document, dict | list):
        # The library would read a text as JSON once more.
        return [] if query.segments or document is None else [document]
    return cast("list[JsonValue]", query.findall(document))


@lru_cache(maxsize=1024)
def _compiled(path: str) -> JSONPath:
    query = _ENVIRONMENT.compile(path)
    if not isinstance(query, JSONPath):
        raise JSONPathError("compound paths are not of RFC 9535")
    return query
