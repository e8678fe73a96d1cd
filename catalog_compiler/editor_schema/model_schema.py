"""A pydantic model as JSON Schema draft-07, with the descriptions of its keys and without pydantic's noise.

Besides draft-07 it says what VS Code's servers understand: a description beside a reference, and `errorMessage` and
`patternErrorMessage` in place of a pattern that nobody reads.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import BaseModel

from catalog_compiler.descriptions import key_descriptions, models_of
from catalog_compiler.sentences import PATTERN_WORDS

Schema = dict[str, Any]

_ANY: Schema = {"type": ["string", "number", "boolean", "array", "object", "null"]}
"""Any value, in words that let an editor write a colon after the key."""
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
    return {name: _described(tidy(schema or _ANY), classes.get(name)) for name, schema in found.items()}


def tidy(schema: Schema) -> Schema:
    """Without generated titles and defaults that say nothing, and with words for patterns."""
    kept = {key: value for key, value in schema.items() if key != "title"}
    if kept.get("default", 0) is None or isinstance(kept.get("default"), dict | list):
        del kept["default"]
    if kept.get("pattern") in PATTERN_WORDS:
        kept["patternErrorMessage"] = f"Must be {PATTERN_WORDS[kept['pattern']]}."
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
    """The schema with a description, if there is one; beside a reference validators ignore it, and editors show it."""
    return schema if text is None else {"description": text} | {k: v for k, v in schema.items() if k != "description"}


def _described(schema: Schema, model: type[BaseModel] | None) -> Schema:
    if model is None:
        return schema
    texts = key_descriptions(model)
    properties = schema.get("properties", {})
    return schema | {"properties": {key: described(part, texts.get(key)) for key, part in properties.items()}}
