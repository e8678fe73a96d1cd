"""A pydantic model as JSON Schema draft-07, with the descriptions of its keys and without pydantic's noise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import BaseModel

from catalog_compiler.descriptions import key_descriptions, models_of

Schema = dict[str, Any]

_LISTS = ("anyOf", "oneOf", "allOf")
_MAPPINGS = ("properties", "patternProperties")
_SINGLE = ("items", "additionalProperties", "not")


def model_definitions(model: type[BaseModel]) -> dict[str, Schema]:
    """The schemas of a model and of all models below it, by class name; they refer to each other by `definitions`."""
    written = model.model_json_schema(ref_template="#/definitions/{model}")
    found = written.pop("$defs", {})
    if "$ref" not in written:
        found[model.__name__] = written
    classes = models_of(model)
    return {name: _described(tidy(schema), classes.get(name)) for name, schema in found.items()}


def tidy(schema: Schema) -> Schema:
    """Without generated titles and defaults that say nothing, and with references standing alone."""
    kept = {key: value for key, value in schema.items() if key != "title"}
    if kept.get("default", 0) is None or isinstance(kept.get("default"), dict | list):
        del kept["default"]
    if "$ref" in kept and len(kept) > 1:
        kept["allOf"] = [{"$ref": kept.pop("$ref")}]
    return map_parts(kept, tidy)


def map_parts(schema: Schema, change: Callable[[Schema], Schema]) -> Schema:
    """A copy with each schema right below changed."""
    changed = dict(schema)
    for key in _LISTS:
        if key in changed:
            changed[key] = [change(part) for part in changed[key]]
    for key in _MAPPINGS:
        if key in changed:
            changed[key] = {name: change(part) for name, part in changed[key].items()}
    for key in _SINGLE:
        if isinstance(changed.get(key), dict):
            changed[key] = change(changed[key])
    return changed


def described(schema: Schema, text: str | None) -> Schema:
    """The schema with a description; a reference ignores what stands beside it, so it moves into `allOf`."""
    if text is None:
        return schema
    if "$ref" in schema:
        return {"description": text, "allOf": [schema]}
    return {"description": text} | {key: value for key, value in schema.items() if key != "description"}


def _described(schema: Schema, model: type[BaseModel] | None) -> Schema:
    texts = key_descriptions(model) if model is not None else {}
    properties = schema.get("properties", {})
    return schema | {"properties": {key: described(part, texts.get(key)) for key, part in properties.items()}}
