"""Values of `json` fields against the author's JSON Schema (2020-12).

The author's schema meets a stranger's value: patterns run on RE2, and nothing is fetched.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextvars import ContextVar
from functools import lru_cache
from typing import Any

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.exceptions import SchemaError, best_match
from jsonschema.validators import extend
from pydantic import JsonValue
from referencing import Registry
from referencing.exceptions import Unresolvable

from catalog_compiler.patterns import PatternError, author_pattern, compile_pattern
from catalog_compiler.problems import pointer

JsonSchema = dict[str, Any] | bool

MOST_PARTS = 1_000
"""Mappings and lists in all value schemas of an item; each takes about a millisecond to check."""
_MOST_REFERENCES = 10_000
"""References that are followed for one value; a schema can be small and come to millions."""
_left: ContextVar[Iterator[int]] = ContextVar("references that may still be followed")
_SHOWN = 200
"""Characters of a validator's message that are passed on."""


def schema_problem(schema: JsonSchema) -> str | None:
    """Why a schema can't be used, as the end of a sentence; None where it can."""
    try:
        Draft202012Validator.check_schema(schema)
        for pattern in _patterns(schema):
            author_pattern(pattern)
        _probe(schema)
    except SchemaError as error:
        return f"is no JSON Schema (2020-12): {_misfit(error)}; correct it"
    except PatternError as error:
        return f"has a pattern that {error}; {error.hint or 'write a simpler one'}"
    except Unresolvable as error:
        return f"refers to '{error.ref}', which is not in it; put it under '$defs'"
    except RecursionError:
        return "refers to itself without end; drop one of these references"
    except _TooManyReferencesError:
        return f"refers to its parts more than {_MOST_REFERENCES} times for a single value; make it flatter"
    return None


def _misfit(error: SchemaError) -> str:
    """What is wrong at one place of a schema, without words of Python."""
    where = pointer(tuple(error.absolute_path))
    place = f"the value at '{where[-_SHOWN:]}'" if where else "it"
    if error.validator != "type":
        return f"{place} is not allowed there"
    wanted = error.validator_value if isinstance(error.validator_value, list) else [error.validator_value]
    return f"{place} must be of type {' or '.join(map(str, wanted))}"


def value_problem(schema: JsonSchema, value: JsonValue, *, secret: bool) -> str | None:
    """What is wrong with a value, as the end of a sentence; a secret one's words are not shown."""
    try:
        error = best_match(_errors(schema, value))
    except (RecursionError, Unresolvable, _TooManyReferencesError):
        return "can't be compared with the schema of this field; tell the service's owner"
    if error is None:
        return None
    where = pointer(tuple(error.absolute_path))
    place = f" at '{where[:_SHOWN]}'" if where and not secret else ""
    return f"does not fit the schema of this field{place}" + ("" if secret else f": {error.message[:_SHOWN]}")


def parts_of(schema: JsonSchema) -> int:
    """How many mappings and lists a schema is made of."""
    parts, pending = 0, [schema]
    while pending:
        part: Any = pending.pop()
        if isinstance(part, dict | list):
            parts += 1
            pending.extend(part.values() if isinstance(part, dict) else part)
    return parts


class _TooManyReferencesError(Exception):
    """A value would be compared with the same parts of a schema again and again."""


def _probe(schema: JsonSchema) -> None:
    """Resolve the references that every value meets."""
    samples: tuple[JsonValue, ...] = (None, {}, [], "", 0, True)
    for value in samples:
        for _ in _errors(schema, value):
            pass


def _errors(schema: JsonSchema, value: JsonValue) -> Iterator[ValidationError]:
    """What is wrong with a value; patterns run on RE2, and references are not followed for ever."""
    _left.set(iter(range(_MOST_REFERENCES)))
    yield from _class()(schema, registry=Registry()).iter_errors(value)


@lru_cache(maxsize=1)
def _class() -> Any:
    return extend(  # type: ignore[no-untyped-call]
        Draft202012Validator, {"pattern": _pattern, "$ref": _reference}
    )


def _reference(validator: Any, target: Any, instance: Any, inside: Any) -> Iterator[ValidationError]:
    if next(_left.get(), None) is None:
        raise _TooManyReferencesError
    yield from Draft202012Validator.VALIDATORS["$ref"](validator, target, instance, inside) or ()


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
