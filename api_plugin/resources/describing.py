"""What a resource of an action is, in the words of its item: templates filled in with what the request gave.

Secret values stay sealed: one that stands alone in an attribute as it is, one within a text with all of that text. In
an id or a name, which everyone sees who may see the resource, they are `***`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from catalog_compiler.encoding import Encoding
from catalog_compiler.plan import ResourcePlan
from catalog_compiler.sealing import MASK, Sealer, SealError, is_sealed
from catalog_compiler.templates import Scope, TemplateError, has_template, parse, render

LONGEST = 1_000
"""Characters of an id or a name."""

Stored = Mapping[str, JsonValue]


@dataclass(frozen=True, kw_only=True, slots=True)
class Given:
    """What templates may use: opened in `scope`; `fields` and `outputs` as they are stored, which tells the secrets."""

    scope: Scope
    fields: Stored
    outputs: Mapping[str, Stored]
    """By action."""

    def secret(self, reference: tuple[str | int, ...]) -> bool:
        """Whether what it refers to is secret, or has a part that is."""
        root, *path = reference
        if root == "fields":
            return bool(path) and is_sealed(self.fields.get(str(path[0])))
        if root != "response" or not path:
            return False
        outputs = self.outputs.get(str(path[0]), {})
        return any(_sealed_at(value, path[2:]) for value in _named(outputs, path[1:]))


@dataclass(frozen=True, kw_only=True, slots=True)
class Described:
    """A resource as it can be recorded."""

    identifier: str | None
    name: str | None
    attributes: dict[str, JsonValue]
    gaps: tuple[str, ...]
    """What could not be told of it, and why."""


def describe(plan: ResourcePlan, given: Given, sealer: Sealer) -> Described:
    """Fill in what the item says of a resource; what has no value is a gap, and keeps the rest from nothing."""
    gaps: list[str] = []
    identifier = _line("id", plan.id, given, gaps)
    name = identifier if plan.name is None else _line("name", plan.name, given, gaps)
    attributes = {key: _attribute(key, value, given, sealer, gaps) for key, value in plan.attributes.items()}
    return Described(identifier=identifier, name=name, attributes=attributes, gaps=tuple(gaps))


def _line(key: str, text: str, given: Given, gaps: list[str]) -> str | None:
    if _is_secret(text, given):
        return MASK
    try:
        line = str(render(text, given.scope, Encoding.LINE))[:LONGEST]
    except TemplateError as error:
        gaps.append(f"its {key} is not known: {error}")
        return None
    if not line:
        gaps.append(f"its {key} is not known: '{text[:LONGEST]}' is empty")
    return line or None


def _attribute(key: str, value: JsonValue, given: Given, sealer: Sealer, gaps: list[str]) -> JsonValue:
    try:
        filled = _filled(value, given.scope)
    except (TemplateError, SealError) as error:
        gaps.append(f"its attribute '{key}' is not known: {error}")
        return None
    # What looks like a sealed value and is none must not be opened later.
    return sealer.seal(filled) if _is_secret(value, given) or _looks_sealed(filled) else filled


def _filled(value: JsonValue, scope: Scope) -> JsonValue:
    match value:
        case {}:
            return {key: _filled(part, scope) for key, part in value.items()}
        case [*entries]:
            return [_filled(entry, scope) for entry in entries]
        case str() if has_template(value):
            return render(value, scope, Encoding.VALUE)
    return value


def _is_secret(value: JsonValue, given: Given) -> bool:
    return any(given.secret(expression) for text in _texts(value) for expression in _references(text))


def _references(text: str) -> Iterator[tuple[str | int, ...]]:
    if has_template(text):
        yield from (expression.reference for expression in parse(text).expressions)


def _texts(value: JsonValue) -> Iterator[str]:
    match value:
        case str():
            yield value
        case {}:
            for part in value.values():
                yield from _texts(part)
        case [*entries]:
            for entry in entries:
                yield from _texts(entry)


def _named(outputs: Stored, path: list[str | int]) -> Iterator[JsonValue]:
    """The output of that name, or all of them where none is named."""
    if not path:
        yield from outputs.values()
    elif path[0] in outputs:
        yield outputs[str(path[0])]


def _sealed_at(value: JsonValue, path: list[str | int]) -> bool:
    if is_sealed(value) or not isinstance(value, dict):
        return is_sealed(value)
    if path:
        return is_sealed(value.get(str(path[0])))
    return any(is_sealed(part) for part in value.values())


def _looks_sealed(value: JsonValue) -> bool:
    return isinstance(value, dict) and (is_sealed(value) or any(is_sealed(part) for part in value.values()))
