"""The example target: idempotent, strict about names and sizes, faulty on demand, and it forgets nothing."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from examples.target.messages import Answer, Request
from examples.target.server import Server
from examples.target.service import Service
from examples.target.store import Store

DATABASE = {"name": "orders", "size": 20}
BALANCER = {"name": "shop", "protocol": "HTTPS", "port": 443, "backends": [{"host": "10.0.0.5", "port": 8080}]}
CERTIFICATE = {"name": "billing", "hosts": ["billing.example.com"]}
RULES = {"name": "checkout", "rules": [{"alert": "ManyErrors", "expr": "errors > 5"}]}
RULE = {"name": "monitoring", "network_id": "net-staging", "source": "10.1.0.0/16"}
NO_REQUEST = base64.b64encode(b"-----BEGIN CERTIFICATE-----").decode()
KEYS = "/v1/service-accounts/svc-admin/keys"
TESTS = "/v1/alert-rules/{alert-rules}/tests"
RECEIVER = "/v1/alert-rules/{alert-rules}/receiver"


@pytest.fixture
def store():
    made = Store(":memory:")
    yield made
    made.close()


@pytest.fixture
def service(store: Store) -> Service:
    return Service(store, "token")


def call(service: Service, method: str, path: str, body: object = None, key: str | None = None, **query: str) -> Answer:
    headers = {"authorization": "Bearer token", **({"idempotency-key": key} if key else {})}
    content = json.dumps(body or {}).encode()
    return service.answer(Request(method=method, path=path, headers=headers, body=content, query=query))


def made(service: Service, path: str, **body: object) -> dict[str, Any]:
    answer = call(service, "POST", path, body)
    assert answer.status == 201, answer.body
    return answer.body


def effects(service: Service) -> list[tuple[str, str]]:
    listed = call(service, "GET", "/effects").body["effects"]
    return [(each["effect"], each["kind"]) for each in listed]


def over_http(service: Service, calls: Callable[[httpx.AsyncClient], Awaitable[object]]) -> object:
    """Run `calls` against the service on a free port."""

    async def serve_and_call() -> object:
        headers = {"Authorization": "Bearer token"}
        async with Server(service).listen("127.0.0.1", 0) as port:
            url = f"http://127.0.0.1:{port}"
            # As many connections as there are calls.
            known = {"limits": httpx.Limits(), "timeout": 60}
            async with httpx.AsyncClient(base_url=url, headers=headers, trust_env=False, **known) as client:
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


def test_what_others_use_stays_until_they_are_gone(service):
    """An address can't be taken away from under a load balancer; a rehearsal goes with its rules."""
    address = made(service, "/v1/addresses", name="shop")
    certificate = made(service, "/v1/certificates", name="shop", hosts=["shop.example.com"])
    balancer = made(
        service, "/v1/load-balancers", **BALANCER, address_id=address["id"], certificate_id=certificate["id"]
    )
    rules = made(service, "/v1/alert-rules", **RULES)
    made(service, f"/v1/alert-rules/{rules['id']}/tests", name="ManyErrors")

    used = [f"/v1/addresses/{address['id']}", f"/v1/certificates/{certificate['id']}"]
    assert [call(service, "DELETE", path).status for path in used] == [409, 409]
    freed = [f"/v1/load-balancers/{balancer['id']}", *used, f"/v1/alert-rules/{rules['id']}"]
    assert [call(service, "DELETE", path).status for path in freed] == [204, 204, 204, 204]
    assert call(service, "GET", "/v1/alert-rules").body == {"alert-rules": []}


def test_a_list_gives_those_that_have_what_the_query_asks_for(service):
    """Also of what is there from the beginning, and of what belongs to something."""
    made(service, "/v1/buckets", name="invoices", size=5)
    made(service, "/v1/buckets", name="pictures", size=7)

    production = call(service, "GET", "/v1/networks", environment="production").body["networks"]
    assert [network["id"] for network in production] == ["net-production"]
    assert [each["name"] for each in call(service, "GET", "/v1/buckets", size="7").body["buckets"]] == ["pictures"]
    assert call(service, "GET", "/v1/buckets", name="nothing").body == {"buckets": []}


def test_a_key_is_shown_once_and_the_newest_is_the_last(service):
    """So that it can be replaced: a new one is made, and the one before it removed."""
    made(service, "/v1/service-accounts", name="svc-billing", scopes=["read"])
    path = "/v1/service-accounts/svc-billing/keys"
    first, second = (made(service, path, name=name, days=90) for name in ("first", "second"))

    assert first["key"] != second["key"]
    listed = call(service, "GET", path).body["keys"]
    assert [each["id"] for each in listed] == [first["id"], second["id"]]
    assert call(service, "DELETE", f"{path}/{first['id']}").status == 204
    assert call(service, "DELETE", "/v1/service-accounts/svc-billing").status == 409
    told = json.dumps([listed, call(service, "GET", "/effects").body])
    assert not any(each["key"] in told for each in (first, second))


def test_a_part_is_set_without_what_must_not_be_kept(service):
    """The receiver of alerts, without its pager's key."""
    rules = made(service, "/v1/alert-rules", **RULES)
    answer = call(service, "PUT", f"/v1/alert-rules/{rules['id']}/receiver", {"channels": ["pager"], "pager_key": "k9"})

    assert answer.status == 200
    assert call(service, "GET", f"/v1/alert-rules/{rules['id']}").body["receiver"] == {"channels": ["pager"]}
    assert effects(service) == [("created", "alert-rules"), ("changed", "alert-rules")]


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
        pytest.param("PUT", "/v1/buckets/{buckets}/lifecycle", {"expire_days": 0}, 422, id="no day to live"),
        pytest.param("PUT", "/v1/buckets/{buckets}/access", {"classification": "confidential"}, 422, id="no reader"),
        pytest.param("PUT", "/v1/buckets/bucket-0/access", {"classification": "internal"}, 404, id="no such bucket"),
        pytest.param("PUT", "/v1/buckets/{buckets}/colour", {"colour": "red"}, 404, id="no such part"),
        pytest.param("POST", "/v1/certificates", {"name": "billing"}, 422, id="certificate for no host"),
        pytest.param(
            "POST", "/v1/certificates", {**CERTIFICATE, "signing_request": NO_REQUEST}, 422, id="no signing request"
        ),
        pytest.param("POST", "/v1/certificates", {**CERTIFICATE, "signing_request": "%"}, 422, id="no base64"),
        pytest.param("POST", "/v1/load-balancers", BALANCER, 422, id="HTTPS without a certificate"),
        pytest.param("POST", "/v1/load-balancers", {**BALANCER, "backends": [{"host": "x"}]}, 422, id="no port"),
        pytest.param("POST", "/v1/load-balancers", {**BALANCER, "address_id": "ip-0"}, 422, id="no such address"),
        pytest.param("POST", "/v1/firewall-rules", {**RULE, "source": "0.0.0.0/0"}, 422, id="open to everybody"),
        pytest.param("POST", "/v1/firewall-rules", {**RULE, "expires_on": "2020-01-31"}, 422, id="over already"),
        pytest.param("POST", "/v1/firewall-rules", {**RULE, "expires_on": "soon"}, 422, id="no date"),
        pytest.param("POST", "/v1/firewall-rules", {**RULE, "network_id": "net-moon"}, 422, id="no such network"),
        pytest.param("POST", "/v1/exceptions", {"name": "monitoring"}, 422, id="exception without a reason"),
        pytest.param("POST", "/v1/alert-rules", {**RULES, "rules": [{"alert": "A"}]}, 422, id="rule without expr"),
        pytest.param("POST", "/v1/alert-rules", {**RULES, "muted_until": 5}, 422, id="muted until no time"),
        pytest.param("POST", TESTS, {"name": "ManyErrors"}, 409, id="muted"),
        pytest.param("PUT", RECEIVER, {"email": "somebody@elsewhere.org"}, 422, id="alerts for strangers"),
        pytest.param("POST", "/v1/service-accounts", {"name": "svc-a", "scopes": []}, 422, id="account for nothing"),
        pytest.param("POST", KEYS, {"name": "first", "days": 31}, 422, id="long-lived key of an administrator"),
        pytest.param("DELETE", f"{KEYS}/key-0", None, 404, id="no such key"),
        pytest.param("PATCH", KEYS, None, 404, id="no such method"),
        pytest.param("POST", "/v1/tickets", {"summary": "x", "parent": "PLATFORM-9"}, 422, id="no such ticket"),
        pytest.param("POST", "/v1/networks", {"name": "mars"}, 404, id="nobody makes networks"),
        pytest.param("POST", "/v1/castles", {"name": "x"}, 404, id="no such kind"),
        pytest.param("POST", "/faults", {"path": "/x", "explode": True}, 422, id="no such fault"),
    ],
)
def test_what_is_refused_has_a_reason_and_no_effect(service, method, path, body, status):
    """A 4xx with one sentence; `{kind}` stands for the id of one that is there."""
    made(service, "/v1/databases", name="taken")
    call(service, "PUT", "/v1/dns/taken", {"target": "host"})
    made(service, "/v1/service-accounts", name="svc-admin", scopes=["admin"])
    bucket = made(service, "/v1/buckets", name="invoices")
    rules = made(service, "/v1/alert-rules", **{**RULES, "name": "quiet"}, muted_until="2999-01-01T00:00:00Z")
    before = effects(service)

    answer = call(service, method, path.format_map({"buckets": bucket["id"], "alert-rules": rules["id"]}), body)

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


def test_a_query_is_read(service):
    """Decoded."""

    async def calls(client: httpx.AsyncClient) -> object:
        await client.post("/v1/buckets", json={"name": "a b"})
        return (await client.get("/v1/buckets", params={"name": "a b"})).json()["buckets"][0]["name"]

    assert over_http(service, calls) == "a b"


def test_a_body_that_is_too_long_is_refused(service):
    """Before it is read."""

    async def calls(client: httpx.AsyncClient) -> int:
        return (await client.post("/v1/databases", content=b"x" * (2**20 + 1))).status_code

    assert over_http(service, calls) == 413
