"""Who is refused because they may not, and who reaches for what is another's, is on record."""

from __future__ import annotations

import asyncio
import json

import pytest
from sqlalchemy import func, select
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosedError

from api_plugin import refusals
from api_plugin.permissions import ROLES, Permission
from api_plugin.store.access import Audit
from tests.api_plugin.conftest import a_caller
from tests.api_plugin.serving import serving
from tests.items import action, compiled_item

ITEM = compiled_item("queue", action("a"))
STRANGER = a_caller(*ROLES["PAO Developer"], name="stranger")
TEAM = a_caller(*ROLES["PAO Developer"], name="owner", roles=("team",))
WATCHER = a_caller(Permission.CATALOG_READ, name="watcher")
JSON = {"content": json.dumps({"user": "dev"}), "headers": {"Content-Type": "application/json"}}


@pytest.fixture
def request_(world):
    """A request of somebody else."""
    world.publish(ITEM)
    world.parse(ITEM)
    return world.order()


def refused(world):
    """What is on record of refusals."""
    world.session.rollback()
    rows = world.session.scalars(select(Audit).where(Audit.outcome == "refused").order_by(Audit.id))
    return [(row.actor, row.action, row.target, row.detail["status"]) for row in rows]


@pytest.mark.parametrize(
    ("caller", "method", "path", "status"),
    [
        (WATCHER, "GET", "", 403),
        (WATCHER, "DELETE", "", 403),
        (STRANGER, "GET", "", 404),
        (STRANGER, "GET", "/logs", 404),
        (STRANGER, "GET", "/outputs/a", 404),
        (STRANGER, "DELETE", "", 404),
        (STRANGER, "POST", "/retry", 404),
        (TEAM, "DELETE", "", 403),
        (TEAM, "POST", "/rollback", 403),
        (TEAM, "POST", "/escalate", 403),
    ],
)
def test_reaching_for_what_is_anothers_is_on_record(world, portal, request_, caller, method, path, status):
    """With who it was, which operation, and which request; the caller is not told that there is one."""
    answer = portal(method, f"/requests/{request_.id}{path}", caller)

    operation = f"{method} /requests/{{request_id}}{path.replace('/a', '/{action}')}"
    assert status == answer.status_code
    assert [(caller.id, operation, str(request_.id), status)] == refused(world)


@pytest.mark.parametrize(("caller", "code"), [(WATCHER, 4403), (STRANGER, 4404)])
def test_so_is_watching(world, request_, caller, code):
    """Over a WebSocket, which is closed with the code that says why."""

    async def watch(host):
        url = f"ws://{host}/ws/requests/{request_.id}/status"
        async with connect(url, additional_headers={"Authorization": "Bearer known"}, proxy=None) as socket:
            await socket.recv()

    with serving(world, caller) as host, pytest.raises(ConnectionClosedError, match=str(code)):
        asyncio.run(watch(host))
    assert [(caller.id, "WS /requests/{request_id}/status", str(request_.id), code - 4000)] == refused(world)


def test_an_operation_without_its_permission_is_on_record(world, portal):
    """Also where nothing is named that it would be done to; the reason says which one is missing."""
    assert 403 == portal("POST", "/people/erase", STRANGER, **JSON).status_code

    assert [("stranger", "POST /people/erase", "/people/erase", 403)] == refused(world)
    assert "lacks the permission 'DELETE PAO People'" in world.session.scalar(select(Audit)).detail["reason"]


@pytest.mark.parametrize("path", ["/requests/00000000-0000-0000-0000-000000000000", "/requests/x", "/catalog/items/x"])
def test_what_is_not_there_is_nobodys(world, portal, request_, path):
    """A wrong link is no attempt at anything."""
    assert 404 == portal("GET", path, STRANGER).status_code

    assert [] == refused(world)


def test_what_the_state_of_a_request_refuses_is_not_on_record(world, portal, request_):
    """It says nothing of who asked."""
    assert 409 == portal("POST", f"/requests/{request_.id}/retry", a_caller(*ROLES["PAO Developer"])).status_code

    assert [] == refused(world)


def test_a_flood_does_not_fill_the_audit_trail(world, portal, request_, monkeypatch):
    """Of one caller so many within a minute; others' are still put on record."""
    monkeypatch.setattr(refusals, "MOST", 3)
    for _ in range(5):
        portal("GET", f"/requests/{request_.id}", STRANGER)
    portal("GET", f"/requests/{request_.id}", WATCHER)

    counts = select(Audit.actor, func.count()).where(Audit.outcome == "refused").group_by(Audit.actor)
    assert {"stranger": 3, "watcher": 1} == dict(world.session.execute(counts).all())
