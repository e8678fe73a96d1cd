"""An action type's config as a schema in which a template may stand wherever the type lets it."""

from __future__ import annotations

from typing import Any

from catalog_compiler.actions import ActionType
from catalog_compiler.editor_schema.model_schema import Schema, map_parts, model_definitions
from catalog_compiler.problems import Path

TEMPLATE: Schema = {"type": "string", "pattern": r"\{\{"}
"""A text with a template in it, whatever the template becomes."""
_REFERENCE = "#/definitions/"
_CONSTRAINTS = frozenset({"pattern", "enum", "const", "format", "maxLength"})


def config_schema(kind: type[ActionType[Any]]) -> Schema:
    """The schema of a raw config of that type; models below it are written in place."""
    definitions = model_definitions(kind.Config)
    root = kind.Config.__name__
    schema = _Expansion(kind, definitions).part(definitions[root], (), frozenset({root}))
    return {"description": kind.summary} | {key: value for key, value in schema.items() if key != "description"}


class _Expansion:
    """Walks a schema along the paths of a config, since the type decides by path whether a template may stand there."""

    def __init__(self, kind: type[ActionType[Any]], definitions: dict[str, Schema]) -> None:
        self._kind = kind
        self._definitions = definitions

    def part(self, schema: Schema, path: Path, inside: frozenset[str]) -> Schema:
        """The schema of the value at `path`; `inside` are the models that it is a part of."""
        if "$ref" in schema:
            name = schema["$ref"].removeprefix(_REFERENCE)
            beside = {key: value for key, value in schema.items() if key != "$ref"}
            # What refers to itself can't be written in place.
            found = {} if name in inside else self.part(self._definitions[name], path, inside | {name})
            return found | beside
        if "properties" in schema or isinstance(schema.get("additionalProperties"), dict) or "items" in schema:
            return self._structure(schema, path, inside)
        return map_parts(schema, lambda inner: self.part(inner, path, inside))

    def _structure(self, schema: Schema, path: Path, inside: frozenset[str]) -> Schema:
        changed = dict(schema)
        properties = schema.get("properties")
        if properties is not None:
            changed["properties"] = {key: self._place(part, (*path, key), inside) for key, part in properties.items()}
        if isinstance(schema.get("additionalProperties"), dict):
            changed["additionalProperties"] = self._place(schema["additionalProperties"], (*path, "*"), inside)
        if isinstance(schema.get("items"), dict):
            changed["items"] = self._place(schema["items"], (*path, 0), inside)
        return changed

    def _place(self, schema: Schema, path: Path, inside: frozenset[str]) -> Schema:
        expanded = self.part(schema, path, inside)
        if self._kind.literal(path) or _takes_any_text(expanded):
            return expanded
        about = {key: expanded.pop(key) for key in ("description", "default") if key in expanded}
        return about | {"anyOf": [*(expanded["anyOf"] if [*expanded] == ["anyOf"] else [expanded]), TEMPLATE]}


def _takes_any_text(schema: Schema) -> bool:
    if "anyOf" in schema:
        return any(map(_takes_any_text, schema["anyOf"]))
    if "allOf" in schema:
        return all(map(_takes_any_text, schema["allOf"]))
    kinds = schema.get("type", "string")
    return "string" in ([kinds] if isinstance(kinds, str) else kinds) and not _CONSTRAINTS & schema.keys()
