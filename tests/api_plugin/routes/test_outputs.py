"""Outputs in clear: for the requester, and on record."""

from __future__ import annotations

import pytest
from airflow.models.dagrun import DagRun
from cryptography.fernet import Fernet
from sqlalchemy import delete, select

from api_plugin.configuration import sealer
from api_plugin.permissions import Permission
from api_plugin.store.access import Audit
from catalog_compiler.sealing import Sealer
from tests.api_plugin.conftest import a_caller
from tests.api_plugin.runs import a_report
from tests.items import action, compiled_item

ITEM = compiled_item("queue", action("a"), action("b"))
DEV = a_caller(Permission.REQUEST_CREATE, Permission.REQUEST_READ)
OWNER = a_caller(Permission.REQUEST_READ, name="owner", roles=("team",))
OPERATOR = a_caller(Permission.REQUEST_READ, Permission.REQUEST_READ_ALL, name="operator")
STRANGER = a_caller(Permission.REQUEST_READ, name="stranger")
PASSWORD = "hunter22"


@pytest.fixture
def request_(world):
    """One whose first action gave secrets: an output, and a part of one."""
    world.publish(ITEM)
    world.parse(ITEM)
    request = world.order(caller=DEV)
    seal = sealer().seal
    outputs = {"id": 7, "password": seal(PASSWORD), "user": {"name": "a", "key": seal("k-1")}}
    world.run(request, "running")
    world.task(request, "a", "success", a_report(outputs=outputs))
    return request


def looks(world):
    """The audit trail's lines of looks."""
    world.session.rollback()
    rows = world.session.scalars(select(Audit).where(Audit.action == "request.outputs").order_by(Audit.id))
    return [(row.actor, row.outcome, row.detail) for row in rows]


def test_the_requester_sees_them_in_clear(portal, world, request_):
    """Nobody keeps a copy on the way, and the look is on record without a value."""
    answer = portal("GET", f"/requests/{request_.id}/outputs/a", DEV)

    assert (200, "no-store") == (answer.status_code, answer.headers["Cache-Control"])
    assert {
        "request_id": str(request_.id),
        "action": "a",
        "outputs": {"id": 7, "password": PASSWORD, "user": {"name": "a", "key": "k-1"}},
    } == answer.json()
    assert [("dev", "shown", {"action": "a", "outputs": ["id", "password", "user"]})] == looks(world)
    assert PASSWORD not in str(looks(world))


def test_everywhere_else_they_are_masked(portal, request_):
    """Also for the requester."""
    said = portal("GET", f"/requests/{request_.id}", DEV)

    assert {"id": 7, "password": "***", "user": {"name": "a", "key": "***"}} == said.json()["outputs"]["a"]
    assert PASSWORD not in said.text


@pytest.mark.parametrize("caller", [OWNER, OPERATOR, STRANGER], ids=lambda caller: caller.id)
def test_for_others_there_is_no_such_request(portal, world, request_, caller):
    """Who may see the request is refused like who may not; that they tried is on record."""
    answer = portal("GET", f"/requests/{request_.id}/outputs/a", caller)

    assert (404, "unknown-request") == (answer.status_code, answer.json()["code"])
    tried = [] if caller is STRANGER else [(caller.id, "refused", {"action": "a", "outputs": []})]
    assert tried == looks(world)


def test_an_action_that_gave_nothing_yet(portal, request_):
    """It is there, without outputs."""
    assert {} == portal("GET", f"/requests/{request_.id}/outputs/b", DEV).json()["outputs"]


def test_an_action_that_is_none(portal, request_):
    """The message names those that there are."""
    answer = portal("GET", f"/requests/{request_.id}/outputs/c", DEV)

    assert (404, "unknown-action") == (answer.status_code, answer.json()["code"])
    assert answer.json()["detail"].endswith("has no action 'c'; it has: a, b")


def test_outputs_that_airflow_no_longer_keeps(portal, world, request_):
    """Are said to be gone, never shown as masks."""
    portal("GET", f"/requests/{request_.id}", DEV)
    world.session.execute(delete(DagRun).where(DagRun.run_id == str(request_.id)))
    world.session.commit()

    answer = portal("GET", f"/requests/{request_.id}/outputs/a", DEV)

    assert (404, "outputs-gone") == (answer.status_code, answer.json()["code"])


def test_outputs_that_were_sealed_with_a_key_that_is_gone(portal, world, request_):
    """Say what has to be done."""
    other = Sealer(Fernet.generate_key().decode())
    world.task(request_, "b", "success", a_report(outputs={"password": other.seal(PASSWORD)}))

    answer = portal("GET", f"/requests/{request_.id}/outputs/b", DEV)

    assert (409, "key-is-gone") == (answer.status_code, answer.json()["code"])
    assert "[pao] fernet_key" in answer.json()["detail"]
