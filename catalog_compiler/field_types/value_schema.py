"""Values of `json` fields against the author's JSON Schema (2020-12).

The author's schema meets a stranger's value: patterns run on RE2, and nothing is fetched.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.exceptions import SchemaError, best_match
from jsonschema.validators import extend
from pydantic import JsonValue
from referencing import Registry
from referencing.exceptions import Unresolvable

from catalog_compiler.patterns import PatternError, compile_pattern
from catalog_compiler.problems import pointer

JsonSchema = dict[str, Any] | bool

_SHOWN = 200
"""Characters of a validator's message that are passed on."""


def schema_problem(schema: JsonSchema) -> str | None:
    """Why a schema can't be used, as the end of a sentence; None where it can."""
    try:
        Draft202012Validator.check_schema(schema)
        for pattern in _patterns(schema):
            compile_pattern(pattern)
        _probe(schema)
    except SchemaError as error:
        return f"is no JSON Schema (2020-12): {error.message[:_SHOWN]}"
    except PatternError as error:
        return f"has a pattern that {error}"
    except Unresolvable as error:
        return f"refers to '{error.ref}', which is not in it; put it under '$defs'"
    except RecursionError:
        return "refers to itself without end"
    return None


def value_problem(schema: JsonSchema, value: JsonValue, *, secret: bool) -> str | None:
    """What is wrong with a value, as the end of a sentence; a secret one's words are not shown."""
    try:
        error = best_match(_validator(schema).iter_errors(value))
    except (RecursionError, Unresolvable):
        return "can't be compared with the schema of this field; tell the service's owner"
    if error is None:
        return None
    where = pointer(tuple(error.absolute_path))
    place = f" at '{where[:_SHOWN]}'" if where and not secret else ""
    return f"does not fit the schema of this field{place}" + ("" if secret else f": {error.message[:_SHOWN]}")


def _probe(schema: JsonSchema) -> None:
    """Resolve the references that every value meets."""
    samples: tuple[JsonValue, ...] = (None, {}, [], "", 0, True)
    for value in samples:
        for _ in _validator(schema).iter_errors(value):
            pass


def _validator(schema: JsonSchema) -> Any:
    return _class()(schema, registry=Registry())


@lru_cache(maxsize=1)
def _class() -> Any:
    return extend(  # type: ignore[no-untyped-call]
        Draft202012Validator, {"pattern": _pattern}
    )


def _pattern(_: Any, pattern: str, instance: Any, __: Any) -> Iterator[ValidationError]:
    if isinstance(instance, str) and not compile_pattern(pattern).search(instance):
        yield ValidationError(f"it does not match the pattern {pattern}")


def _patterns(schema: Any) -> Iterator[str]:
    """All patterns anywhere in a schema; a few that are data, such as those in an `enum`, are held to the same rule."""
    pending = [schema]
    while pending:
        part = pending.pop()
        if isinstance(part, dict):
            if isinstance(part.get("pattern"), str):
                yield part["pattern"]
            if isinstance(part.get("patternProperties"), dict):
                raise PatternError("stands under 'patternProperties', which can't be run safely; use 'propertyNames'")
            pending.extend(part.values())
        elif isinstance(part, list):
            pending.extend(part)
