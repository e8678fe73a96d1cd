"""The values that references stand for, and how a reference finds its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue

from catalog_compiler.templates.exceptions import UnresolvedReferenceError
from catalog_compiler.templates.syntax import Expression, Reference, path_text

ROOTS = ("fields", "header", "request", "response", "env")
"""The first parts that a reference may have."""

_Response = Mapping[str, JsonValue] | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """Every value that the templates of one action may use.

    `request` holds `id`, `timestamp`, `user` (email, name, roles, organization), `catalog` and `url`. A `response` that
    is None belongs to a skipped action: its fields are empty. `env` holds the variables that the host looked up before.
    """

    fields: Mapping[str, JsonValue] = field(default_factory=dict)
    header: Mapping[str, JsonValue] = field(default_factory=dict)
    request: Mapping[str, JsonValue] = field(default_factory=dict)
    response: Mapping[str, _Response] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    secrets: frozenset[str] = field(default=frozenset(), repr=False)
    """The secret texts among these values, for the host to mask wherever the action says something."""


def resolve(expression: Expression, scope: Scope) -> JsonValue:
    """The value of an expression's reference, before its filters; an absent optional value is None.

    Raises:
        UnresolvedReferenceError: for a variable or a response field that is not there.
    """
    root, *rest = expression.reference
    match root:
        case "fields":
            return _optional(scope.fields, rest)
        case "header":
            return _optional(scope.header, rest)
        case "request":
            return _request(scope.request, rest)
        case "response":
            return _response(expression.reference, scope.response)
        case "env":
            return _variable(expression.path, rest, scope.env)
    raise UnresolvedReferenceError(f"'{expression.path}' is not known; references start with {', '.join(ROOTS)}")


def _optional(values: Mapping[str, JsonValue], parts: list[str | int]) -> JsonValue:
    value: JsonValue = dict(values)
    for part in parts:
        if not _has(value, part):
            return None
        value = _part(value, part)
    return value


def _request(values: Mapping[str, JsonValue], parts: list[str | int]) -> JsonValue:
    if parts == ["user"] and isinstance(values.get("user"), Mapping):
        return _optional(values, ["user", "email"])
    return _optional(values, parts)


def _variable(path: str, parts: list[str | int], variables: Mapping[str, str]) -> JsonValue:
    name = str(parts[0]) if len(parts) == 1 else None
    if name is None or name not in variables:
        name = name or "<NAME>"
        raise UnresolvedReferenceError(f"'{path}' has no value: create the Airflow Variable 'PAO_{name}'")
    return variables[name]


def _response(reference: Reference, responses: Mapping[str, _Response]) -> JsonValue:
    if len(reference) < 2 or reference[1] not in responses:  # noqa: PLR2004 - the root and the action
        there = ", ".join(responses) or "none"
        raise UnresolvedReferenceError(f"'{path_text(reference)}' has no value; actions with a response here: {there}")
    outputs = responses[str(reference[1])]
    value: JsonValue = None if outputs is None else dict(outputs)
    for position, part in enumerate(reference[2:], start=2):
        if value is None:
            return None
        if not _has(value, part):
            raise UnresolvedReferenceError(_missing(reference, position, value))
        value = _part(value, part)
    return value


def _missing(reference: Reference, position: int, value: JsonValue) -> str:
    parent = path_text(reference[:position])
    match value:
        case {}:
            there = f"'{parent}' has the fields: {', '.join(sorted(value)) or 'none'}"
        case [*entries]:
            there = f"'{parent}' is a list of {len(entries)}"
        case _:
            there = f"'{parent}' is a single value"
    return f"'{path_text(reference)}' has no value; {there}"


def _has(value: JsonValue, part: str | int) -> bool:
    if isinstance(part, str):
        return isinstance(value, dict) and part in value
    return isinstance(value, list) and part < len(value)


def _part(value: JsonValue, part: str | int) -> JsonValue:
    if isinstance(value, dict):
        return value[str(part)]
    return value[int(part)] if isinstance(value, list) else None
