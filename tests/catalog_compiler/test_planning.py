"""Plans: names, dependencies and defaults are filled in; nothing is left to guess for who runs it."""

from __future__ import annotations

from typing import Any

import pytest

from catalog_compiler.actions import UnknownActionTypeError
from catalog_compiler.model import Item
from catalog_compiler.plan import ActionPlan, FulfillmentPlan, ItemPlan, RetryPlan
from catalog_compiler.planning import plan_item


def planned(*actions: dict[str, Any], **fulfillment: Any) -> FulfillmentPlan:
    """The plan of an item's only fulfillment, with these actions."""
    return item_plan(*actions, **fulfillment).manual


def item_plan(*actions: dict[str, Any], **fulfillment: Any) -> ItemPlan:
    field = {"id": "size", "name": "Size", "type": "string", "order": 1}
    password = {"id": "password", "name": "Password", "type": "password", "order": 2}
    item = Item.model_validate(
        {
            "header": {
                "id": "queue",
                "name": "Queue",
                "description": "A queue.",
                "version": "1.0.0",
                "category": "messaging",
                "owner": "team",
                "access": {"roles": ["developer"]},
            },
            "presentation": {"groups": [{"id": "g", "name": "G", "order": 1, "fields": [password, field]}]},
            "fulfillment": {"manual": {"actions": list(actions), **fulfillment}},
        }
    )
    return plan_item(item, "0" * 64)


def only(plan: FulfillmentPlan) -> ActionPlan:
    (action,) = plan.actions
    return action


def test_actions_are_named_after_their_types():
    """The second of a type without a name of its own gets `-2`, and so on."""
    plan = planned({"type": "webhook"}, {"type": "rest-api", "name": "made"}, {"type": "webhook"}, {"type": "rest-api"})

    assert ["webhook", "made", "webhook-2", "rest-api"] == [action.name for action in plan.actions]


def test_an_action_waits_for_the_one_before_unless_it_says_otherwise():
    """`depends_on` replaces the order of the list, for that action alone."""
    plan = planned(
        {"type": "webhook", "name": "a"},
        {"type": "webhook", "name": "b"},
        {"type": "webhook", "name": "c", "depends_on": ["a"]},
        {"type": "webhook", "name": "d", "depends_on": []},
        {"type": "webhook", "name": "e"},
    )

    assert [(), ("a",), ("a",), (), ("d",)] == [action.depends_on for action in plan.actions]


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ({"type": "webhook"}, "continue"),
        ({"type": "rest-api"}, "fail"),
        ({"type": "webhook", "on_error": "fail"}, "fail"),
        ({"type": "rest-api", "on_error": "continue"}, "continue"),
    ],
)
def test_a_type_has_its_own_default_for_errors(action, expected):
    """A message that fails does not fail the request; what the item says wins."""
    assert expected == only(planned(action)).on_error


@pytest.mark.parametrize(
    ("retry", "expected"),
    [
        (None, None),
        ({"attempts": 2}, RetryPlan(attempts=2, delay=5, max_delay=300)),
        ({"attempts": 0, "delay": 1, "max_delay": 9}, RetryPlan(attempts=0, delay=1, max_delay=9)),
        ({"attempts": 1, "delay": 900}, RetryPlan(attempts=1, delay=900, max_delay=900)),
    ],
)
def test_retries_are_complete(retry, expected):
    """Where the item says nothing, the type's default holds; a delay longer than the usual maximum is meant so."""
    action = {"type": "webhook", "retry": retry, "rollback": {"type": "rest-api", "retry": retry}}

    plan = only(planned({key: value for key, value in action.items() if value is not None}))

    assert expected == plan.retry
    assert plan.rollback is not None
    assert expected == plan.rollback.retry


def test_a_condition_is_kept_as_written():
    """Whoever evaluates it reads it with the same model as the item's."""
    when = {"not": {"field": "size", "operator": "eq", "value": None}}

    assert when == only(planned({"type": "webhook", "when": when})).when


def test_the_plan_holds_what_templates_and_the_run_need():
    """Fields with their types, the header's values (not who has access), and the policies."""
    plan = item_plan({"type": "webhook", "timeout": 9}, on_failure="hold", timeout=60)

    assert ("queue", "0" * 64) == (plan.item_id, plan.revision)
    assert [("size", "string", False), ("password", "password", True)] == [
        (field.id, field.type, field.sensitive) for field in plan.fields
    ]
    assert {"id", "name", "description", "version", "category", "owner", "tags"} == set(plan.header)
    assert ("hold", 60, 9) == (plan.manual.on_failure, plan.manual.timeout, plan.manual.actions[0].timeout)
    assert ("manual",) == plan.modes


def test_a_plan_is_json_and_back():
    """It is stored beside the DAG, and read by later versions."""
    plan = item_plan({"type": "rest-api", "config": {"url": "https://example.com", "x": [1, None]}})

    assert plan == ItemPlan.model_validate_json(plan.model_dump_json())


def test_a_type_that_is_not_installed_has_no_plan():
    """Never silently skipped: checks report it before, and planning refuses it."""
    with pytest.raises(UnknownActionTypeError, match="'ansible' is not installed"):
        planned({"type": "ansible"})
