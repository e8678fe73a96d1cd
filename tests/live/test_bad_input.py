"""What the API refuses, and how: every error at once, as problem+json, and never a run."""

from __future__ import annotations

import pytest

from tests.live.items import item, scripted_call
from tests.live.portal import Portal
from tests.live.running_stack import RunningStack

ITEM = "strict"
ITEMS = (
    item(
        ITEM,
        fields=(
            {"id": "size", "type": "integer", "validation": {"min": 1, "max": 9}},
            {"id": "level", "type": "selection", "default": "low", "validation": {"enum": ["low", "high"]}},
            {"id": "reason", "type": "text", "conditional": {"field": "level", "operator": "eq", "value": "high"}},
        ),
        manual=(scripted_call("ticket", "/strict"),),
    ),
)
GOOD = {"item_id": ITEM, "fields": {"name": "good"}}
SIZE = {"size": "large"}


@pytest.fixture(autouse=True)
def nothing_is_started(stack: RunningStack, portals):
    """Whatever is refused starts no run."""
    before = stack.runs()
    yield
    assert before == stack.runs()


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        pytest.param({"content": "{'name'}"}, 400, "malformed-json", id="not JSON"),
        pytest.param({"content": '{"item_id": NaN}'}, 400, "malformed-json", id="a number that JSON does not have"),
        pytest.param({"content": '{"a": 1, "a": 2}'}, 400, "malformed-json", id="a key twice"),
        pytest.param({"content": "[" * 100_000}, 400, "malformed-json", id="nested without end"),
        pytest.param({"content": b"\xff\xfe"}, 400, "malformed-json", id="not UTF-8"),
        pytest.param(
            {"content": "item_id=x", "headers": {"Content-Type": "application/x-www-form-urlencoded"}},
            415,
            "unsupported-media-type",
            id="a form",
        ),
        pytest.param({"content": b" " * 10_000_000}, 413, "body-too-large", id="10 MB"),
        pytest.param({"json": {**GOOD, "item_id": "no-such-item"}}, 404, "unknown-item", id="unknown item"),
        pytest.param({"json": {**GOOD, "catalog": "elsewhere"}}, 404, "unknown-catalog", id="unknown catalog"),
        pytest.param({"json": {**GOOD, "revision": "0" * 64}}, 409, "stale-revision", id="stale revision"),
    ],
)
def test_a_body_that_cannot_be_taken_is_a_problem(developer: Portal, sent, status, code):
    """Each refusal has a stable code, a sentence, and the correlation id under which it is logged."""
    headers = {"Content-Type": "application/json", "X-Correlation-ID": "live-bad-input", **sent.pop("headers", {})}
    answer = developer.http.post("/api/v1/requests", headers=headers, **sent)
    problem = answer.json()

    assert (status, code) == (answer.status_code, problem["code"])
    assert "application/problem+json" == answer.headers["content-type"]
    assert "live-bad-input" == problem["correlation_id"] == answer.headers["x-correlation-id"]
    assert {"type", "title", "detail", "instance"} <= problem.keys()
    assert status == problem["status"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param([], {("", "wrong-type")}, id="not an object"),
        pytest.param(
            {"item_id": 7, "mode": "sometimes", "colour": "red"},
            {
                ("/item_id", "wrong-type"),
                ("/fields", "required"),
                ("/mode", "wrong-type"),
                ("/colour", "unknown-key"),
            },
            id="keys",
        ),
        pytest.param(
            {"item_id": ITEM, "fields": {"size": "large", "reason": "none", "nmae": "x", "level": None}},
            {
                ("/fields/name", "required"),
                ("/fields/size", "wrong-type"),
                ("/fields/reason", "hidden-field"),
                ("/fields/nmae", "unknown-field"),
                ("/fields/level", "null"),
            },
            id="values",
        ),
        pytest.param(
            {"item_id": ITEM, "fields": {"name": "x", "size": 10, "level": "medium"}},
            {("/fields/size", "too-large"), ("/fields/level", "not-an-option")},
            id="values out of range",
        ),
        pytest.param(
            {"item_id": ITEM, "fields": {"name": "x", **SIZE}, "mode": "automatic"},
            {("/mode", "not-an-option"), ("/fields/size", "wrong-type")},
            id="a way that the item lacks, and a value",
        ),
        pytest.param(
            {"item_id": ITEM, "fields": {"name": "x", **SIZE}, "colour": "red"},
            {("/colour", "unknown-key"), ("/fields/size", "wrong-type")},
            id="an unknown key, and a value",
        ),
        pytest.param(
            {"item_id": ITEM, "fields": {"name": "x\0"}, "comment": "for\0me"},
            {("/comment", "invalid-characters"), ("/fields/name", "invalid-characters")},
            id="NUL characters",
        ),
    ],
)
def test_every_error_is_told_at_once(developer: Portal, body, expected):
    """A 422 names everything that is wrong with a body, each by a pointer into it."""
    answer = developer.post_request(body)
    problem = answer.json()

    assert (422, "invalid-body") == (answer.status_code, problem["code"])
    assert expected == {(error["pointer"], error["code"]) for error in problem["errors"]}
    assert all(error["message"] for error in problem["errors"])


@pytest.mark.parametrize("name", ["item_id", "user", "owner"])
def test_a_filter_that_nothing_could_match_is_refused(developer: Portal, name):
    """PostgreSQL holds no NUL characters, and fails where it is asked for them."""
    answer = developer.http.get("/api/v1/requests", params={name: "a\0b"})

    assert (422, [f"/query/{name}"]) == (answer.status_code, [error["pointer"] for error in answer.json()["errors"]])


@pytest.mark.parametrize(
    ("who", "status", "code"),
    [("nobody", 401, "not-signed-in"), ("stranger", 401, "not-signed-in"), ("service", 403, "not-allowed")],
)
def test_who_may_not_order_is_told_why(portals: dict[str, Portal], who, status, code):
    """No token and a bad one are 401, with how to sign in; a good one without the permission is 403."""
    answer = portals[who].post_request(GOOD)

    assert (status, code) == (answer.status_code, answer.json()["code"])
    assert (status == 401) == ("WWW-Authenticate" in answer.headers)
