"""The example catalog: valid, showing the whole format, and ordered in each of its branches by the live tests."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import pytest

from catalog_compiler.catalog import compile_catalog
from catalog_compiler.catalog_files import read_catalog
from catalog_compiler.catalog_settings import read_settings
from catalog_compiler.conditions import holds
from catalog_compiler.item import DEFAULT_CATEGORIES
from catalog_compiler.model import FieldTypeName, Fulfillment, Item, named_actions
from catalog_compiler.previewing import preview
from catalog_compiler.submission import check_submission
from catalog_compiler.templates.filters import FILTERS
from tests.live.example_orders import ORDERS

CATALOG = Path(__file__).parents[2] / "examples" / "catalog"
COMPILED = compile_catalog(read_catalog(CATALOG).contents.items())
EXAMPLES: dict[str, Item] = {found.item.header.id: found.item for found in COMPILED.items if found.item is not None}
FORMS = {"eq", "ne", "gt", "lte", "in", "not_in", "all", "any", "not"}
"""The forms of conditions that are shown: of those that compare by size, one of each direction."""
UNSHOWN_FILTERS = {"base64", "int", "json", "last", "lower", "number", "replace", "string"}


def parts(data: Any) -> Iterator[tuple[str, Any]]:
    """Every key of a document with its value, at any depth."""
    for key, value in data.items() if isinstance(data, dict) else ():
        yield key, value
        yield from parts(value)
    for value in data if isinstance(data, list) else ():
        yield from parts(value)


PARTS = [part for found in COMPILED.items for part in parts(found.data)]


def way(item: Item) -> Fulfillment:
    """The way that a request takes."""
    return item.fulfillment.automatic or item.fulfillment.manual


def test_the_catalog_is_valid():
    """Without a warning; every file is an item, and there are eight at least."""
    assert () == COMPILED.problems
    assert {f"catalog/{path.relative_to(CATALOG / 'catalog')}" for path in CATALOG.glob("catalog/**/*.*")} == {
        found.file for found in COMPILED.items
    }
    assert len(EXAMPLES) >= 8


def test_every_owner_can_be_reached():
    """`.pao.yaml` says how, of nobody else."""
    owners = read_settings((CATALOG / ".pao.yaml").read_bytes()).settings.owners

    assert {item.header.owner for item in EXAMPLES.values()} == set(owners)
    assert all(owner.contact for owner in owners.values())


def test_the_whole_format_is_shown():
    """Each category, each type of field, each form of condition, most filters, and every choice of an action."""
    values = [value for _, value in PARTS]
    keys = {key for key, _ in PARTS}
    shown = {value for key, value in PARTS if key == "operator"} | keys

    assert {item.header.category for item in EXAMPLES.values()} == set(DEFAULT_CATEGORIES)
    assert {field.type for item in EXAMPLES.values() for field in item.fields} == set(get_args(FieldTypeName))
    assert FORMS == FORMS & shown
    assert set(FILTERS) - UNSHOWN_FILTERS == {name for name in FILTERS if any(f"| {name}" in str(v) for v in values)}
    assert {"access", "depends_on", "immutable", "on_error", "on_failure", "placeholder", "rollback"} <= keys
    assert {"sensitive", "sensitive_outputs", "sla", "when"} <= keys
    assert {"GET", "POST", "PUT", "DELETE"} == {value for key, value in PARTS if key == "method"}
    assert any(item.fulfillment.automatic is None for item in EXAMPLES.values())


@pytest.mark.parametrize("name", ORDERS)
def test_an_order_of_the_live_tests_is_accepted(name):
    """Its values are right, what it leaves out is what its conditions say, and its calls can be filled in."""
    order = ORDERS[name]
    (compiled,) = [found for found in COMPILED.items if found.item_id == order.item]
    assert compiled.item is not None
    assert compiled.plan is not None
    submission = check_submission(compiled.item, order.fields, now=datetime.now(UTC))
    types = {field.id: field.type for field in compiled.item.fields}
    actions = named_actions(way(compiled.item).actions)

    assert () == submission.errors
    assert [None] * len(actions) == [
        step.error for step in preview(compiled.item, compiled.plan, submission.values, None)
    ]
    if order.status == "completed":
        assert set(order.skipped) == {
            action_name
            for action_name, action in actions
            if action.when is not None and not holds(action.when, submission.values, types)
        }


@pytest.mark.parametrize("item_id", EXAMPLES)
def test_every_way_of_an_item_is_ordered(item_id):
    """To its end, with each branch both taken and left out, and into a failure where something would be undone."""
    orders = [order for order in ORDERS.values() if order.item == item_id]
    completed = [order for order in orders if order.status == "completed"]
    fulfillment = way(EXAMPLES[item_id])
    conditional = {name for name, action in named_actions(fulfillment.actions) if action.when is not None}

    assert completed, f"order {item_id} in tests/live/example_orders.py"
    for name in conditional:
        assert {True, False} == {name in order.skipped for order in completed}, name
    if any(action.rollback is not None for action in fulfillment.actions):
        failure = "rolled_back" if fulfillment.on_failure == "rollback" else "failed"
        assert failure in {order.status for order in orders}, f"let an order of {item_id} fail"
    assert all((order.stands == ()) == (order.status == "rolled_back") for order in orders)
