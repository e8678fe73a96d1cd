"""What a request provisioned is on record once it has ended: whole, once, masked, and released by its rollback."""

from __future__ import annotations

import pytest
from airflow.utils.session import create_session
from sqlalchemy import select

from api_plugin.configuration import sealer
from api_plugin.projection import bring_up_to_date
from api_plugin.resources.recording import MADE_ANEW, NEVER_UNDONE, STANDING
from api_plugin.settling import settle
from api_plugin.store.resources import Resource
from catalog_compiler.sealing import is_sealed
from tests.api_plugin.runs import a_report, at
from tests.items import NAME_FIELD, UNDO, action, compiled_item

FIELDS = [NAME_FIELD, {"id": "secret", "name": "Secret", "type": "password", "order": 2}]
DATABASE = {
    "type": "database",
    "id": "{{response.a.id}}",
    "name": "{{fields.name}} of {{request.user.name}}",
    "attributes": {
        "zones": "{{response.a.zones}}",
        "password": "{{fields.secret}}",
        "link": "https://{{fields.name}}:{{fields.secret}}@example.com",
        "parts": ["{{response.a.connection.password}}", 1],
        "host": "{{response.a.connection.host}}",
        "item": "{{header.name}}",
        "size": 3,
    },
}
MAPPED = {
    "method": "PUT", "url": "https://example.com/a",
    "response_mapping": {"id": "$.id", "zones": "$.zones", "connection": "$.connection", "token": "$.token?"},
}  # fmt: skip
ITEM = compiled_item(
    "queue",
    action("a", config=MAPPED, rollback=UNDO, resources=[DATABASE]),
    action("b", resources=[{"type": "dns-name", "id": "{{fields.name}}.example.com"}]),
    action("c", rollback=UNDO),
    fields=FIELDS,
)


@pytest.fixture
def request_(world):
    """A request that is under way."""
    world.publish(ITEM)
    world.parse(ITEM)
    request = world.order(fields={"name": "orders", "secret": "hunter2-hunter2"})
    world.run(request, "running")
    return request


def outputs(identifier="db-1"):
    connection = {"host": "h", "password": sealer().seal("deep")}
    return {"id": identifier, "zones": ["x", "y"], "connection": connection}


def complete(world, request, **more):
    world.task(request, "a", "success", a_report(outputs=outputs(), ended=5))
    world.task(request, "b", "success", a_report(ended=6))
    world.task(request, "c", "success", a_report(ended=7))
    world.run(request, "success", **more)


def look(world, request):
    with create_session(scoped=False) as session:
        return bring_up_to_date(session, [request.id])[0].status


def resources(world):
    world.session.rollback()
    rows = world.session.scalars(
        select(Resource).order_by(Resource.created_at).execution_options(populate_existing=True)
    )
    return list(rows)


def test_what_a_completed_request_provisioned_is_on_record(world, request_):
    """With types kept, whose it is, and since when."""
    complete(world, request_)
    assert "completed" == look(world, request_)

    database, name = resources(world)
    assert ("database", "db-1", "orders of Dev", "active", None) == (
        database.type, database.identifier, database.name, database.state, database.note,
    )  # fmt: skip
    assert (["x", "y"], "h", "Queue", 3) == tuple(database.attributes[key] for key in ("zones", "host", "item", "size"))
    assert (request_.id, "a", "team", "dev", "dev@example.com", at(5)) == (
        database.request_id, database.action, database.owner, database.user_id, database.user_email,
        database.created_at,
    )  # fmt: skip
    assert ("dns-name", "orders.example.com", "orders.example.com") == (name.type, name.identifier, name.name)


def test_secrets_are_sealed_with_what_holds_them(world, request_):
    """Fields, outputs, parts of outputs, and texts around them; nobody reads them in the table."""
    complete(world, request_)
    look(world, request_)

    attributes = resources(world)[0].attributes
    secret = {"password": "hunter2-hunter2", "link": "https://orders:hunter2-hunter2@example.com", "parts": ["deep", 1]}
    assert all(is_sealed(attributes[key]) for key in secret)
    assert secret == {key: sealer().open(attributes[key]) for key in secret}
    assert "hunter2" not in str(attributes)


def test_it_is_recorded_once(world, request_):
    """Whoever looks, and however often."""
    complete(world, request_)
    before = [look(world, request_) and [row.id for row in resources(world)] for _ in range(3)]

    assert 2 == len(before[0])
    assert before[0] == before[1] == before[2]


def test_nothing_is_on_record_before_the_end(world, request_):
    """The rollback may still take it back."""
    world.task(request_, "a", "success", a_report(outputs=outputs()))
    look(world, request_)

    assert [] == resources(world)


def fail(world, request):
    world.task(request, "a", "success", a_report(outputs=outputs(), ended=5))
    world.task(request, "b", "success", a_report(ended=6))
    world.task(request, "c", "failed", a_report("failed"))
    world.run(request, "failed")
    with create_session(scoped=False) as session:
        settle(session, world.shelf, request.id)


def undo(world, request, state, report):
    rollback = {"dag_id": "default.queue.rollback", "run_id": f"{request.id}.rollback.0"}
    world.task(request, "undo-1", state, report, **rollback)
    world.run(request, state, **rollback)
    return look(world, request)


def test_what_is_undone_before_the_end_was_never_there(world, request_):
    """But what has no rollback is, and the record says so."""
    fail(world, request_)

    assert "rolled_back" == undo(world, request_, "success", a_report())
    assert [("dns-name", "active", NEVER_UNDONE)] == [(row.type, row.state, row.note) for row in resources(world)]


def test_what_could_not_be_undone_stays_active_with_a_note(world, request_):
    """A person must look at it."""
    fail(world, request_)

    assert "rollback_failed" == undo(world, request_, "failed", a_report("failed"))
    assert [("database", "active", STANDING), ("dns-name", "active", NEVER_UNDONE)] == [
        (row.type, row.state, row.note) for row in resources(world)
    ]


def test_a_rollback_releases_what_was_on_record(world, request_):
    """With the time; the record stays."""
    complete(world, request_)
    look(world, request_)
    fail(world, request_)
    undo(world, request_, "success", a_report())

    rows = {row.type: row for row in resources(world)}
    assert ("released", "db-1", None) == (rows["database"].state, rows["database"].identifier, rows["database"].note)
    assert rows["database"].released_at is not None
    assert ("active", NEVER_UNDONE) == (rows["dns-name"].state, rows["dns-name"].note)


def test_what_an_action_made_before_it_ran_again_stays_on_record(world, request_):
    """A person cleared it, and it made another one."""
    complete(world, request_)
    look(world, request_)
    world.task(request_, "a", "success", a_report(outputs=outputs("db-2"), ended=9, try_number=2), try_number=2)
    world.run(request_, "success", clear_number=1)
    look(world, request_)

    assert {"db-1": MADE_ANEW, "db-2": None} == {
        row.identifier: row.note for row in resources(world) if row.type == "database"
    }


@pytest.mark.parametrize(
    ("given", "identifier", "note"),
    [
        ({}, None, "its id is not known: 'response.a.id' has no value; 'response.a' has the fields: connection, zones"),
        ({"id": ""}, None, "its id is not known: '{{response.a.id}}' is empty"),
        ({"id": "a\nb"}, None, "its id is not known: the value of 'response.a.id' has a line break"),
        ({"id": {"$sealed": "x"}}, "***", None),
    ],
)
def test_what_can_not_be_told_is_a_note(world, request_, given, identifier, note):
    """The rest is on record all the same."""
    known = outputs() | given
    if "id" not in given:
        del known["id"]
    elif isinstance(given["id"], dict):
        known["id"] = sealer().seal("secret-id")
    world.task(request_, "a", "success", a_report(outputs=known))
    world.run(request_, "success")
    look(world, request_)

    (row,) = (row for row in resources(world) if row.type == "database")
    assert identifier == row.identifier
    assert (row.note or "").startswith(note or "")
    assert "orders of Dev" == row.name
