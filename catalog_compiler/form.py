"""An item's form: JSON Schema and UI schema, the props of react-jsonschema-form as they are.

The schema is valid as 2020-12 and as draft-07. A field without a condition stands in `properties`; one with a condition
stands in the `then` of its condition and is refused in the `else`, so that form libraries show it only where it is
visible. Field ids are flat; the groups are in the UI schema, in the order in which they are shown:

    "ui:groups": [{"id", "title", "description", "collapsible", "fields": [field ids, in order]}]

Some rules only the server checks; `server_rules` lists them.
"""

from __future__ import annotations

import dataclasses
import json

from catalog_compiler.conditions.schema import condition_schemas, given
from catalog_compiler.field_types import FIELD_TYPES, Schema
from catalog_compiler.model import FormField, Item

SECRET_LINE = frozenset({"string", "email", "url"})
"""Types of one line that hide what is typed where the field is sensitive."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Form:
    """What a portal needs to show an item's form: the props `schema`, `uiSchema` and the rest."""

    schema: Schema
    ui_schema: Schema
    form_props: Schema = dataclasses.field(default_factory=lambda: {"omitExtraData": True, "liveOmit": True})
    """Keeps form libraries from sending the values of fields that were hidden again."""


def item_form(item: Item) -> Form:
    """Make the form of a valid item."""
    return Form(schema=_schema(item), ui_schema=_ui_schema(item))


def _schema(item: Item) -> Schema:
    always = [field for field in item.fields if field.conditional is None]
    schema: Schema = {
        "type": "object",
        "title": item.header.name,
        "description": item.header.description,
        "properties": {field.id: _field_schema(field) for field in always},
        "propertyNames": {"enum": [field.id for field in item.fields]},
    }
    required = [field.id for field in always if _must_be_given(field)]
    if required:
        schema["required"] = required
    conditions = _conditions(item)
    return schema | ({"allOf": conditions} if conditions else {})


def _conditions(item: Item) -> list[Schema]:
    """One `if`, `then`, `else` for all fields of the same condition."""
    conditions = condition_schemas(item.fields)
    together: dict[str, list[FormField]] = {}
    for field in item.fields:
        if field.id in conditions:
            together.setdefault(json.dumps(conditions[field.id]), []).append(field)
    return [
        {"if": conditions[fields[0].id], "then": _shown(fields), "else": _hidden(fields)}
        for fields in together.values()
    ]


def _shown(fields: list[FormField]) -> Schema:
    required = [field.id for field in fields if _must_be_given(field)]
    shown: Schema = {"type": "object", "properties": {field.id: _field_schema(field) for field in fields}}
    return shown | ({"required": required} if required else {})


def _hidden(fields: list[FormField]) -> Schema:
    """Not `properties: {x: false}`, which form libraries would show as fields."""
    refused = [given(field.id) for field in fields]
    return {"not": refused[0] if len(refused) == 1 else {"anyOf": refused}}


def _must_be_given(field: FormField) -> bool:
    """A required field with a default, an implicit one included, is never missing."""
    return field.required and FIELD_TYPES[field.type].default(field) is None


def _field_schema(field: FormField) -> Schema:
    kind = FIELD_TYPES[field.type]
    schema: Schema = {"title": field.name}
    if field.description:
        schema["description"] = field.description
    schema |= kind.schema(field)
    default = kind.default(field)
    if field.secret:
        schema["writeOnly"] = True
    elif default is not None:
        schema["default"] = kind.schema_default(default)
    return schema


def _ui_schema(item: Item) -> Schema:
    groups = sorted(item.presentation.groups, key=lambda group: group.order)
    ui_schema: Schema = {
        "ui:order": [*(field.id for field in item.fields), "*"],
        "ui:groups": [
            {
                "id": group.id,
                "title": group.name,
                "description": group.description,
                "collapsible": group.collapsible,
                "fields": [field.id for field in sorted(group.fields, key=lambda field: field.order)],
            }
            for group in groups
        ],
    }
    return ui_schema | {field.id: ui for field in item.fields if (ui := _field_ui(field))}


def _field_ui(field: FormField) -> Schema:
    ui = FIELD_TYPES[field.type].ui(field)
    if field.sensitive and field.type in SECRET_LINE and not field.choices:
        ui |= {"ui:widget": "password"}
    return ui | ({"ui:placeholder": field.placeholder} if field.placeholder else {})
