"""Catalog items for tests: small, valid, and compiled by the real compiler."""

from __future__ import annotations

import json
from typing import Any

from catalog_compiler.item import CompiledItem, compile_item
from catalog_compiler.plan import ItemPlan

NAME_FIELD = {"id": "name", "name": "Name", "type": "string", "order": 1}
UNDO = {"type": "rest-api", "config": {"method": "DELETE", "url": "https://example.com/things/1"}}


def action(name: str, **more: Any) -> dict[str, Any]:
    """A REST call of that name."""
    config = {"method": "PUT", "url": f"https://example.com/{name}"}
    return {"name": name, "type": "rest-api", "config": config} | more


def document(
    item_id: str = "queue",
    *actions: dict[str, Any],
    manual: list[dict[str, Any]] | None = None,
    fields: list[dict[str, Any]] | None = None,
    header: dict[str, Any] | None = None,
    **automatic: Any,
) -> dict[str, Any]:
    """An item whose automatic way has these actions; without any it has a manual way alone."""
    fulfillment: dict[str, Any] = {"manual": {"description": "By hand.", "actions": manual or [action("ticket")]}}
    if actions:
        fulfillment["automatic"] = {"actions": list(actions), **automatic}
    return {
        "header": {
            "id": item_id,
            "name": item_id.title(),
            "description": "What it is.",
            "version": "1.0.0",
            "category": "messaging",
            "owner": "team",
        }
        | (header or {}),
        "presentation": {"groups": [{"id": "main", "name": "Main", "order": 1, "fields": fields or [NAME_FIELD]}]},
        "fulfillment": fulfillment,
    }


def item_file(item_id: str = "queue", *actions: dict[str, Any], **more: Any) -> bytes:
    """The same as a file of a catalog: JSON is YAML."""
    return json.dumps(document(item_id, *actions, **more), indent=2).encode()


def compiled_item(item_id: str = "queue", *actions: dict[str, Any], **more: Any) -> CompiledItem:
    """The same, compiled; it must be valid."""
    item = compile_item(item_file(item_id, *actions, **more), f"catalog/{item_id}.yaml")
    assert () == item.problems, item.problems
    return item


def item_plan(item_id: str = "queue", *actions: dict[str, Any], **more: Any) -> ItemPlan:
    """The same as a plan."""
    plan = compiled_item(item_id, *actions, **more).plan
    assert plan is not None
    return plan
