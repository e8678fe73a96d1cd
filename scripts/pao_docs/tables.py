"""Tables of the keys of models: what each takes, whether it must be there, and what it means."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from catalog_compiler.descriptions import models_in
from catalog_compiler.editor_schema.model_schema import Schema, model_definitions

_WORDS = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "object": "mapping",
    "null": "nothing",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """The keys of one model; `path` is where it stands in the file."""

    path: str
    model: type[BaseModel]
    schema: Schema

    @property
    def about(self) -> str:
        """What the model says about itself, in short."""
        return " ".join((self.schema.get("description") or "").partition("\n\n")[0].split())


def sections(root: type[BaseModel], path: str = "") -> list[Section]:
    """A model and those below it, each at the first place where it stands."""
    definitions = model_definitions(root)
    found: dict[str, Section] = {}
    pending = [(root, path)]
    while pending:
        model, at = pending.pop(0)
        name = model.__name__
        if name not in found:
            found[name] = Section(path=at, model=model, schema=definitions[name])
            pending[:0] = _below(model, at)
    return list(found.values())


def key_table(section: Section, places: Mapping[str, str]) -> list[str]:
    """The table of a section's keys; `places` says where other models stand, by class name."""
    required = section.schema.get("required", [])
    rows = [
        [f"`{key}`", _kind(schema, places), _presence(key in required, schema), schema.get("description", "")]
        for key, schema in section.schema["properties"].items()
    ]
    return table(["key", "value", "", "meaning"], rows)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return ["| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in line) + " |" for line in lines]


def _below(model: type[BaseModel], path: str) -> list[tuple[type[BaseModel], str]]:
    return [
        (inner, ".".join(filter(None, [path, field.alias or name])) + ("[]" if _is_list(field.annotation) else ""))
        for name, field in model.model_fields.items()
        for inner in models_in(field.annotation)
    ]


def _is_list(annotation: Any) -> bool:
    return "tuple[" in str(annotation) or "list[" in str(annotation)


def _presence(required: bool, schema: Schema) -> str:  # noqa: FBT001 - one of two words for a cell
    if required:
        return "required"
    default = schema.get("default")
    if default is None or default == "":
        return ""
    return f"default `{default if isinstance(default, str) else json.dumps(default).removesuffix('.0')}`"


def _kind(schema: Schema, places: Mapping[str, str]) -> str:
    """A schema in words."""
    if "$ref" in schema:
        place = places.get(schema["$ref"].rpartition("/")[2])
        return "any value" if place is None else f"`{place}`"
    if "allOf" in schema:
        return _kind(schema["allOf"][0], places)
    if "anyOf" in schema:
        kinds = [_kind(part, places) for part in schema["anyOf"] if part.get("type") != "null"]
        return " or ".join(kind for kind in dict.fromkeys(kinds) if kind != "whole number" or "number" not in kinds)
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    if schema.get("type") == "array":
        items = schema.get("items") or {}
        return f"list of {_kind(items, places)}" if items else "list"
    return _WORDS.get(schema.get("type", ""), "any value") + _limits(schema)


def _limits(schema: Schema) -> str:
    words = (
        ("minimum", "from"),
        ("exclusiveMinimum", "over"),
        ("maximum", "to"),
        ("maxLength", "of at most"),
    )
    limits = "".join(f" {word} {json.dumps(schema[key]).removesuffix('.0')}" for key, word in words if key in schema)
    return limits + (" characters" if "maxLength" in schema else "")
