"""`/resources`: whose resources whom is shown, which filters find what, page by page, and by which index."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from sqlalchemy import insert, text
from sqlalchemy.dialects import postgresql

from api_plugin.configuration import sealer
from api_plugin.permissions import Permission
from api_plugin.resources.finding import Filters, resources_query
from api_plugin.store.requests import Request
from api_plugin.store.resources import Resource
from tests.api_plugin.conftest import a_caller

START = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
DEV = a_caller(Permission.REQUEST_READ)
TEAM = a_caller(Permission.REQUEST_READ, name="ann", roles=("PAO Developer", "databases"))
OPERATOR = a_caller(Permission.REQUEST_READ, Permission.REQUEST_READ_ALL, name="op")


def a_request(number, user="dev"):
    return {
        "id": uuid.UUID(int=number), "catalog": "default", "item_id": "queue", "item_version": "1.0.0",
        "owner": "queues", "revision": "0", "mode": "automatic", "dag_id": "default.queue", "run_id": str(number),
        "fields": {}, "user_id": user, "user": {"id": user, "email": f"{user}@example.com", "name": user},
        "correlation_id": "c",
        "created_at": START, "updated_at": START, "status": "completed", "state": {"actions": []}, "event_seq": 1,
    }  # fmt: skip


def a_resource(number, *, user="dev", **more):
    return {
        "id": uuid.UUID(int=number), "request_id": uuid.UUID(int=1), "catalog": "default", "item_id": "queue",
        "owner": "queues", "user_id": user, "user_email": f"{user}@example.com", "user_name": user.title(),
        "mode": "automatic", "action": "a", "type": "message-queue", "identifier": f"q-{number}",
        "name": f"queue {number}",
        "attributes": {"host": "h", "password": sealer().seal("x")}, "state": "active",
        "created_at": START + dt.timedelta(minutes=number),
    } | more  # fmt: skip


@pytest.fixture
def recorded(world):
    """Four resources of two requesters and two teams."""
    world.session.execute(insert(Request), [a_request(1), a_request(2, "bob")])
    rows = [
        a_resource(1),
        a_resource(2, user="bob", request_id=uuid.UUID(int=2), owner="databases", type="database", item_id="db"),
        a_resource(3, user="bob", request_id=uuid.UUID(int=2), name="Orders 100%"),
        a_resource(4, state="released", released_at=START, note="gone"),
    ]
    for row in rows:
        world.session.execute(insert(Resource), [row])
    world.session.commit()


def numbers(answer):
    return [uuid.UUID(item["id"]).int for item in answer.json()["items"]]


@pytest.mark.parametrize(
    ("caller", "seen"), [(DEV, [4, 1]), (TEAM, [2]), (OPERATOR, [4, 3, 2, 1])], ids=["requester", "team", "operator"]
)
def test_each_sees_what_they_may(recorded, portal, caller, seen):
    """The newest first; what one may not see is not there."""
    assert seen == numbers(portal("GET", "/resources", caller))
    shown = {n: portal("GET", f"/resources/{uuid.UUID(int=n)}", caller).status_code for n in (1, 2, 3, 4)}
    assert {n: 200 if n in seen else 404 for n in (1, 2, 3, 4)} == shown


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("type=database", [2]),
        ("owner=queues", [4, 3, 1]),
        ("user=bob@example.com", [3, 2]),
        ("item_id=db", [2]),
        (f"request_id={uuid.UUID(int=2)}", [3, 2]),
        ("state=released", [4]),
        ("state=active&user=dev@example.com", [1]),
        ("q=ORDERS", [3]),
        ("q=100%25", [3]),
        ("q=q-2", [2]),
        ("q=_", []),
        ("type=nothing", []),
    ],
)
def test_filters_narrow(recorded, portal, query, found):
    """All given ones hold; a text is found as it stands."""
    assert found == numbers(portal("GET", f"/resources?{query}", OPERATOR))


def test_pages_follow_each_other(recorded, portal):
    """None twice, none left out."""
    first = portal("GET", "/resources?limit=3", OPERATOR)
    second = portal("GET", f"/resources?limit=3&cursor={first.json()['next_cursor']}", OPERATOR)

    assert ([4, 3, 2], [1], None) == (numbers(first), numbers(second), second.json()["next_cursor"])


def test_a_resource_is_shown_without_its_secrets(recorded, portal):
    """With the way to its request."""
    shown = portal("GET", f"/resources/{uuid.UUID(int=4)}", DEV).json()

    assert {"host": "h", "password": "***"} == shown["attributes"]
    assert ("q-4", "released", "gone", "2026-03-01T00:00:00Z") == (
        shown["identifier"], shown["state"], shown["note"], shown["released_at"],
    )  # fmt: skip
    assert shown["links"]["request"].endswith(f"/api/v1/requests/{uuid.UUID(int=1)}")


@pytest.mark.parametrize("query", ["state=lost", "request_id=1", "limit=0", "limit=201", "cursor=x", "q=%00"])
def test_what_can_not_be_meant_is_refused(recorded, portal, query):
    """By name."""
    assert 422 == portal("GET", f"/resources?{query}", OPERATOR).status_code


@pytest.mark.parametrize("resource_id", ["1", "nothing", str(uuid.UUID(int=99))])
def test_an_unknown_one_is_not_found(recorded, portal, resource_id):
    """Whatever stands for its id."""
    answer = portal("GET", f"/resources/{resource_id}", OPERATOR)

    assert (404, "unknown-resource") == (answer.status_code, answer.json()["code"])


MANY = """
    INSERT INTO pao.resource (id, request_id, catalog, item_id, owner, user_id, user_email, user_name, mode, action,
        type, identifier, name, attributes, state, created_at)
    SELECT gen_random_uuid(), '00000000-0000-0000-0000-000000000001', 'default', 'item-' || i % 50,
        'team-' || i % 40, 'user-' || i % 300, 'user-' || i % 300 || '@example.com', 'U', 'automatic', 'a',
        'type-' || i % 60,
        'id-' || i, 'name ' || i, '{}', 'active', now() - i * interval '1 minute'
    FROM generate_series(1, 20000) AS i
"""


@pytest.mark.parametrize(
    ("caller", "wanted", "index"),
    [
        (OPERATOR, Filters(), "created_at_id"),
        (OPERATOR, Filters(type="type-7"), "type_created_at_id"),
        (OPERATOR, Filters(owner="team-7"), "owner_created_at_id"),
        (OPERATOR, Filters(user="user-7@example.com"), "user_email_created_at_id"),
        (OPERATOR, Filters(item_id="item-7"), "item_id_created_at_id"),
        (OPERATOR, Filters(request_id=uuid.UUID(int=7)), "request_id"),
        (a_caller(name="user-7", roles=("nobody",)), Filters(), "user_id_created_at_id"),
    ],
)
def test_a_page_is_found_by_an_index(recorded, world, caller, wanted, index):
    """Whatever else is in the table."""
    world.session.execute(text(MANY))
    world.session.execute(text("ANALYZE pao.resource"))
    query = resources_query(caller, wanted, after=None, limit=51).compile(
        dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True}
    )
    plan = "\n".join(row[0] for row in world.session.execute(text(f"EXPLAIN {query}")))
    world.session.rollback()

    assert f"ix_resource_{index}" in plan, plan
    assert "Seq Scan" not in plan
