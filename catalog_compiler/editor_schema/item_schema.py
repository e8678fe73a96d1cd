"""The schema of a catalog item: the models, and what field types and action types add to them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from catalog_compiler import semantic_version
from catalog_compiler.actions import ActionType, action_types
from catalog_compiler.descriptions import key_descriptions
from catalog_compiler.editor_schema.config_schema import config_schema
from catalog_compiler.editor_schema.model_schema import Schema, described, model_definitions
from catalog_compiler.field_types import FIELD_TYPES
from catalog_compiler.item import DEFAULT_CATEGORIES
from catalog_compiler.model import Action, Header, Item, Rollback, Validation

_CONDITION_FORMS: list[Schema] = [
    {"required": ["field", "operator", "value"]},
    {"required": ["all"]},
    {"required": ["any"]},
    {"required": ["not"]},
]
_CHOICES: Schema = {
    "anyOf": [
        {"required": ["options"]},
        {"required": ["validation"], "properties": {"validation": {"required": ["enum"]}}},
    ]
}
_NO_VERSION = "Must be a semantic version such as 1.4.0."
_CHOICE_TYPES = ("selection", "multi-selection")


def item_schema(categories: Collection[str] = DEFAULT_CATEGORIES) -> Schema:
    """The JSON Schema (draft-07) of an item; `categories` are those of the catalog."""
    definitions = {name: _with_free_keys(schema) for name, schema in model_definitions(Item).items()}
    _header(definitions["Header"], categories)
    definitions["Condition"]["oneOf"] = _CONDITION_FORMS
    definitions["FormField"]["allOf"] = [_field_rule(name) for name in FIELD_TYPES]
    for model in (Action, Rollback):
        definition = definitions[model.__name__]
        text = key_descriptions(model)["type"]
        definition["properties"]["type"] = described({"type": "string", "enum": list(action_types())}, text)
    kinds = action_types().values()
    definitions["Action"]["allOf"] = [_config_rule(kind, _config_name(kind)) for kind in kinds]
    definitions["Rollback"]["allOf"] = [_config_rule(kind, _undo_name(kind)) for kind in kinds]
    root = definitions.pop("Item")
    definitions |= {_config_name(kind): config_schema(kind) for kind in kinds}
    definitions |= {
        _undo_name(kind): {key: value for key, value in definitions[_config_name(kind)].items() if key != "required"}
        for kind in kinds
        if _completes_undo(kind)
    }
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        **root,
        "definitions": definitions,
    }


def _with_free_keys(schema: Schema) -> Schema:
    """Keys that start with `x-` are the author's own."""
    return schema | {"patternProperties": {"^x-": {}}}


def _header(schema: Schema, categories: Collection[str]) -> None:
    texts, properties = key_descriptions(Header), schema["properties"]
    properties["category"] = described({"type": "string", "enum": list(categories)}, texts["category"])
    version = {"type": "string", "pattern": f"^(?:{semantic_version.PATTERN})$", "errorMessage": _NO_VERSION}
    properties["version"] = described(version, texts["version"])


def _field_rule(name: str) -> Schema:
    """What the type of a field decides: which limits have a meaning, and whether there must be choices."""
    known = FIELD_TYPES[name].validation_keys
    keys = (field.alias or key for key, field in Validation.model_fields.items())
    properties: Schema = {"validation": {"properties": {key: False for key in keys if key not in known}}}
    if "enum" not in known:
        properties["options"] = False
    return _when_type(name, {"properties": properties} | (_CHOICES if name in _CHOICE_TYPES else {}))


def _config_rule(kind: type[ActionType[Any]], definition: str) -> Schema:
    return _when_type(kind.name, {"properties": {"config": {"$ref": f"#/definitions/{definition}"}}})


def _when_type(name: str, then: Schema) -> Schema:
    return {"if": {"required": ["type"], "properties": {"type": {"const": name}}}, "then": then}


def _config_name(kind: type[ActionType[Any]]) -> str:
    return f"config.{kind.name}"


def _completes_undo(kind: type[ActionType[Any]]) -> bool:
    """Whether a rollback of the type may leave out what it takes from the action, so that nothing is required there."""
    own: object = vars(ActionType)["undo_config"]
    return any("undo_config" in vars(part) and vars(part)["undo_config"] is not own for part in kind.__mro__)


def _undo_name(kind: type[ActionType[Any]]) -> str:
    return f"config.{kind.name}.rollback" if _completes_undo(kind) else _config_name(kind)
