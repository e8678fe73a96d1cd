"""Every item of the example catalog, ordered as a developer does: each way to its end, and what stands afterwards.

`tests/examples/test_catalog.py` sees to it that no item, no branch and no rollback is left out of the orders.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.live.example_orders import ORDERS, Order
from tests.live.example_target import ExampleTarget
from tests.live.portal import Portal

Answer = dict[str, Any]
BY_HAND = {order.item: order for order in reversed(ORDERS.values()) if "tickets" not in order.stands}
"""One order of each item that has an automatic way, to be fulfilled by hand as well."""


def ordered(developer: Portal, order: Order, **more: Any) -> str:
    answer = developer.post_request({"item_id": order.item, "fields": order.fields, **more})
    assert answer.status_code == 202, answer.text
    return answer.json()["id"]


@pytest.fixture(scope="module")
def ended(developer: Portal) -> dict[str, Answer]:
    """The requests after their end: those of the table, and `<item> by hand`. All run at the same time."""
    ids = {name: ordered(developer, order) for name, order in ORDERS.items() if not order.after}
    ids |= {f"{item} by hand": ordered(developer, order, mode="manual") for item, order in BY_HAND.items()}
    for name, order in ORDERS.items():
        if order.after:
            developer.ended(ids[order.after])
            ids[name] = ordered(developer, order)
    return {name: developer.ended(request_id) for name, request_id in ids.items()}


@pytest.mark.parametrize("name", ORDERS)
def test_an_order_ends_as_it_should_and_leaves_what_it_should(name, ended, target: ExampleTarget):
    """Its status, its actions, its outputs and its reason, and at the target what was made and not undone."""
    order, request = ORDERS[name], ended[name]
    actions = {action["name"]: action["status"] for action in request["actions"]}

    assert order.status == request["status"], request["error"]
    assert order.because in (request["error"] or "")
    assert len(order.warned) == len(request["warnings"])
    assert all(f"'{action}'" in warning for action, warning in zip(order.warned, request["warnings"], strict=True))
    if order.status == "completed":
        left_out = {**dict.fromkeys(order.skipped, "skipped"), **dict.fromkeys(order.warned, "failed")}
        assert left_out == {action: status for action, status in actions.items() if status != "completed"}
    for action, outputs in order.outputs.items():
        assert dict(outputs) == {output: request["outputs"][action][output] for output in outputs}
    # The tickets are those of the orders by hand, unless this one is such an order.
    stands = target.standing(order.name)
    assert list(order.stands) == sorted(kind for kind in stands if (kind == "tickets") == (request["mode"] == "manual"))


@pytest.mark.parametrize("item", BY_HAND)
def test_every_item_can_be_done_by_hand(item, ended):
    """Also where there is an automatic way."""
    request = ended[f"{item} by hand"]

    assert ("manual", "completed") == (request["mode"], request["status"])
    assert [] == request["warnings"]


def test_branches_run_side_by_side(ended):
    """Address and certificate of a load balancer begin before either has ended."""
    actions = {action["name"]: action for action in ended["a load balancer"]["actions"]}
    begun = max(actions[name]["started_at"] for name in ("address", "certificate"))

    assert begun < min(actions[name]["ended_at"] for name in ("address", "certificate"))
    assert all(actions["check"]["started_at"] > actions[name]["ended_at"] for name in ("balancer", "dns"))


def test_a_held_failure_undoes_nothing(ended):
    """`on_failure: hold`: what was done before stays, and a person decides."""
    request = ended["a certificate for a letter"]

    assert [("challenge", "completed"), ("certificate", "failed")] == [
        (action["name"], action["status"]) for action in request["actions"][:2]
    ]
    assert request["rollback"] is None


def test_a_rotated_key_is_another_one(ended, target: ExampleTarget):
    """The new key is there, and the old one is gone."""
    old, new = (ended[name]["outputs"]["key"]["id"] for name in ("a service account", "a new key"))
    keys = target.http.get("/v1/service-accounts/svc-example/keys").raise_for_status().json()["keys"]

    assert [new] == [key["id"] for key in keys]
    assert old == ended["a new key"]["outputs"]["old-keys"]["newest"]


def test_a_secret_value_is_in_no_answer(ended, developer: Portal):
    """Neither the pager's key, nor a password."""
    assert "***" == ended["alert rules"]["fields"]["pager_key"]
    secrets = ("0123456789abcdef0123456789abcdef", "long-enough-for-everybody")
    assert not any(secret in answer for secret in secrets for answer in developer.seen)
