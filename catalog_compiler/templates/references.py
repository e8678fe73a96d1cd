"""What a config refers to: for looking values up before an action runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import JsonValue

from catalog_compiler.templates.syntax import Expression, has_template, parse


@dataclass(frozen=True, kw_only=True, slots=True)
class References:
    """The names behind each root: field ids, header keys, names of actions and of variables (without `PAO_`)."""

    fields: frozenset[str]
    header: frozenset[str]
    responses: frozenset[str]
    env: frozenset[str]


def references(config: JsonValue) -> References:
    """All references in the strings of a config.

    Raises:
        TemplateSyntaxError: if a string is not a template; a config of a valid item has none such.
    """
    names: dict[str, set[str]] = {"fields": set(), "header": set(), "response": set(), "env": set()}
    for expression in _expressions(config):
        root, *rest = expression.reference
        if rest and root in names:
            names[str(root)].add(str(rest[0]))
    return References(
        fields=frozenset(names["fields"]),
        header=frozenset(names["header"]),
        responses=frozenset(names["response"]),
        env=frozenset(names["env"]),
    )


def _expressions(value: JsonValue) -> Iterator[Expression]:
    match value:
        case str() if has_template(value):
            yield from parse(value).expressions
        case {}:
            for entry in value.values():
                yield from _expressions(entry)
        case [*entries]:
            for entry in entries:
                yield from _expressions(entry)
