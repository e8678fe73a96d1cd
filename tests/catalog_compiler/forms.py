"""Items with given fields, for the tests of forms."""

from __future__ import annotations

from typing import Any

from catalog_compiler.model import FormField, Item


def a_field(kind: str = "string", **more: Any) -> FormField:
    """A field, as the model has it."""
    return FormField.model_validate({"id": "x", "name": "X", "type": kind, "order": 1} | more)


def an_item(*fields: dict[str, Any], groups: list[dict[str, Any]] | None = None, when: Any = None) -> Item:
    """An item with these fields in one group, or with these groups; a field's id is its name unless it has one."""
    listed = [{"name": field["id"], "type": "string", "order": place} | field for place, field in enumerate(fields, 1)]
    action = {"type": "rest-api"} | ({"when": when} if when is not None else {})
    return Item.model_validate(
        {
            "header": {
                "id": "service",
                "name": "Service",
                "description": "What it is.",
                "version": "1.0.0",
                "category": "other",
                "owner": "team",
            },
            "presentation": {"groups": groups or [{"id": "main", "name": "Main", "order": 1, "fields": listed}]},
            "fulfillment": {"manual": {"description": "By hand.", "actions": [action]}},
        }
    )
