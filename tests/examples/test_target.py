"""The example target: idempotent, strict about names and sizes, faulty on demand, and it forgets nothing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest

from examples.target.messages import Answer, Request
from examples.target.server import Server
from examples.target.service import Service
from examples.target.store import Store

DATABASE = {"name": "orders", "size": 20}


@pytest.fixture
def store():
    made = Store(":memory:")
    yield made
    made.close()


@pytest.fixture
def service(store: Store) -> Service:
    return Service(store, "token")


def call(service: Service, method: str, path: str, body: object = None, key: str | None = None) -> Answer:
    headers = {"authorization": "Bearer token", **({"idempotency-key": key} if key else {})}
    return service.answer(Request(method=method, path=path, headers=headers, body=json.dumps(body or {}).encode()))


def effects(service: Service) -> list[tuple[str, str]]:
    listed = call(service, "GET", "/effects").body["effects"]
    return [(each["effect"], each["kind"]) for each in listed]


def over_http(service: Service, calls: Callable[[httpx.AsyncClient], Awaitable[object]]) -> object:
    """Run `calls` against the service on a free port."""

    async def serve_and_call() -> object:
        headers = {"Authorization": "Bearer token"}
        async with Server(service).listen("127.0.0.1", 0) as port:
            url = f"http://127.0.0.1:{port}"
            async with httpx.AsyncClient(base_url=url, headers=headers, trust_env=False) as client:
                return await calls(client)

    return asyncio.run(serve_and_call())


def test_a_database_is_made_used_and_deleted_newest_first(service):
    """A database with users can't be deleted: undoing must go backwards."""
    database = call(service, "POST", "/v1/databases", DATABASE).body
    path = f"/v1/databases/{database['id']}"
    user = call(service, "POST", f"{path}/users", {"username": "app", "password": "secret-word"}).body

    assert call(service, "DELETE", path).status == 409
    assert call(service, "DELETE", f"{path}/users/{user['id']}").status == 204
    assert call(service, "DELETE", path).status == 204
    assert call(service, "DELETE", path).status == 404
    assert effects(service) == [
        ("created", "databases"),
        ("created", "users"),
        ("deleted", "users"),
        ("deleted", "databases"),
    ]


def test_a_password_is_kept_nowhere(service):
    """Neither in an answer nor in the list of effects."""
    database = call(service, "POST", "/v1/databases", DATABASE).body
    call(service, "POST", f"/v1/databases/{database['id']}/users", {"username": "app", "password": "secret-word"})

    assert "secret-word" not in json.dumps(call(service, "GET", "/effects").body)


def test_the_same_idempotency_key_gives_the_same_answer_and_no_second_effect(service):
    """However often it is sent."""
    first = call(service, "POST", "/v1/databases", DATABASE, key="k1")
    second = call(service, "POST", "/v1/databases", DATABASE, key="k1")

    assert second.body == first.body
    assert second.headers == {"Idempotency-Replayed": "true"}
    assert effects(service) == [("created", "databases")]


def test_a_key_with_another_body_is_refused(service):
    """It is a mistake of the caller's."""
    call(service, "POST", "/v1/databases", DATABASE, key="k1")

    assert call(service, "POST", "/v1/databases", {**DATABASE, "size": 30}, key="k1").status == 422


def test_a_refused_request_may_be_tried_again_with_its_key(service):
    """Nothing was done, so there is nothing to repeat."""
    first = call(service, "POST", "/v1/databases", DATABASE).body
    assert call(service, "POST", "/v1/databases", DATABASE, key="k1").status == 409
    call(service, "DELETE", f"/v1/databases/{first['id']}")

    assert call(service, "POST", "/v1/databases", DATABASE, key="k1").status == 201


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        pytest.param("POST", "/v1/databases", {"name": "taken"}, 409, id="name taken"),
        pytest.param("POST", "/v1/databases", {"name": "big", "size": 1001}, 422, id="over the quota"),
        pytest.param("POST", "/v1/databases", {"name": "odd", "size": "20"}, 422, id="size is no number"),
        pytest.param("POST", "/v1/databases", {}, 422, id="no name"),
        pytest.param(
            "POST", "/v1/databases/db-0/users", {"username": "a", "password": "b"}, 404, id="no such database"
        ),
        pytest.param("PUT", "/v1/dns/forbidden-zone", {"target": "host"}, 422, id="reserved name"),
        pytest.param("PUT", "/v1/dns/taken", {"target": "another"}, 409, id="name points elsewhere"),
        pytest.param("POST", "/v1/castles", {"name": "x"}, 404, id="no such kind"),
        pytest.param("POST", "/faults", {"path": "/x", "explode": True}, 422, id="no such fault"),
    ],
)
def test_what_is_refused_has_a_reason_and_no_effect(service, method, path, body, status):
    """A 4xx with one sentence."""
    call(service, "POST", "/v1/databases", {"name": "taken"})
    call(service, "PUT", "/v1/dns/taken", {"target": "host"})
    before = effects(service)

    answer = call(service, method, path, body)

    assert answer.status == status
    assert answer.body["error"]
    assert effects(service) == before


def test_without_the_token_nothing_is_done(service):
    """But for notifications, whose address is their secret, and health."""
    request = Request(method="POST", path="/v1/databases", body=json.dumps(DATABASE).encode())

    assert service.answer(request).status == 401
    assert service.answer(Request(method="POST", path="/notifications", body=b'{"text": "hi"}')).status == 202
    assert service.answer(Request(method="GET", path="/health")).status == 200


def test_state_survives_a_restart(tmp_path: Path):
    """Also the answers that were given to idempotency keys."""
    store = Store(tmp_path / "target.sqlite")
    first = call(Service(store, "token"), "POST", "/v1/databases", DATABASE, key="k1")
    store.close()
    store = Store(tmp_path / "target.sqlite")
    try:
        assert call(Service(store, "token"), "POST", "/v1/databases", DATABASE, key="k1").body == first.body
    finally:
        store.close()


@pytest.mark.parametrize(
    ("fault", "status", "content_type"),
    [
        ({"status": 503}, 503, "application/json"),
        ({"html": True}, 200, "text/html"),
        ({"html": True, "status": 502}, 502, "text/html"),
    ],
)
def test_a_fault_answers_instead_of_the_service_as_often_as_asked(service, fault, status, content_type):
    """And only where its path fits."""

    async def calls(client: httpx.AsyncClient) -> None:
        await client.post("/faults", json={"path": "/v1/databases*", "times": 2, **fault})
        for _ in range(2):
            faulty = await client.post("/v1/databases", json=DATABASE)
            assert (faulty.status_code, faulty.headers["content-type"]) == (status, content_type)
        assert (await client.put("/v1/dns/orders", json={"target": "host"})).status_code == 201
        assert (await client.post("/v1/databases", json=DATABASE)).status_code == 201

    over_http(service, calls)


@pytest.mark.parametrize(("when", "made"), [("before", []), ("after", [("created", "databases")])])
def test_a_dropped_connection_leaves_the_caller_in_the_dark(service, when, made):
    """Whether the work was done, only the effects tell."""

    async def calls(client: httpx.AsyncClient) -> None:
        await client.post("/faults", json={"path": "/v1/databases", "drop": when})
        with pytest.raises(httpx.RemoteProtocolError):
            await client.post("/v1/databases", json=DATABASE)

    over_http(service, calls)

    assert effects(service) == made


def test_hundreds_of_connections_at_once_are_served(service):
    """The benchmark opens that many."""

    async def calls(client: httpx.AsyncClient) -> set[int]:
        names = [f"orders-{number}" for number in range(300)]
        answers = await asyncio.gather(*(client.post("/v1/databases", json={"name": name}) for name in names))
        return {answer.status_code for answer in answers}

    assert over_http(service, calls) == {201}
    assert len(effects(service)) == 300


def test_a_body_that_is_too_long_is_refused(service):
    """Before it is read."""

    async def calls(client: httpx.AsyncClient) -> int:
        return (await client.post("/v1/databases", content=b"x" * (2**20 + 1))).status_code

    assert over_http(service, calls) == 413
