"""Bodies are judged before anything looks at what they say; each kind of bad one has its status and its code."""

from __future__ import annotations

from typing import Annotated

import pytest
from fastapi import Depends, FastAPI

from api_plugin import problem_responses
from api_plugin.bodies import JsonBody
from api_plugin.datamodels.requests import RequestBody


@pytest.fixture
def app():
    app = FastAPI()
    problem_responses.install(app)

    @app.post("/")
    async def take(body: Annotated[RequestBody, Depends(JsonBody(RequestBody))]):
        return body

    return app


def send(call, app, content, kind="application/json"):
    headers = {} if kind is None else {"Content-Type": kind}
    return call(app, "POST", content=content, headers=headers)


@pytest.mark.parametrize("kind", ["application/json", "application/json; charset=utf-8", "Application/JSON"])
def test_a_good_body_is_taken(call, app, kind):
    """What is left out has its default."""
    answer = send(call, app, b'{"item_id": "db", "fields": {"a": [1, null, "\\u00e9"]}}', kind)

    assert 200 == answer.status_code
    assert {"a": [1, None, "é"]} == answer.json()["fields"]


TABLE = {
    "no type": (b"{}", None, 415, "unsupported-media-type"),
    "another type": (b"{}", "text/plain", 415, "unsupported-media-type"),
    "a form": (b"a=b", "application/x-www-form-urlencoded", 415, "unsupported-media-type"),
    "empty": (b"", "application/json", 400, "malformed-json"),
    "no JSON": (b"item_id: db", "application/json", 400, "malformed-json"),
    "cut off": (b'{"item_id": ', "application/json", 400, "malformed-json"),
    "two values": (b"{} {}", "application/json", 400, "malformed-json"),
    "no UTF-8": (b'{"item_id": "\xff"}', "application/json", 400, "malformed-json"),
    "NaN": (b'{"item_id": "db", "fields": {"a": NaN}}', "application/json", 400, "malformed-json"),
    "Infinity": (b'{"item_id": "db", "fields": {"a": -Infinity}}', "application/json", 400, "malformed-json"),
    "a key twice": (b'{"item_id": "a", "item_id": "b", "fields": {}}', "application/json", 400, "malformed-json"),
    "too deep": (b"[" * 100_000, "application/json", 400, "malformed-json"),
    "a number too long": (
        b'{"item_id": "db", "fields": {"a": ' + b"9" * 10_000 + b"}}", "application/json", 400, "malformed-json"),
    "too large": (b'"' + b"x" * 5_000_000 + b'"', "application/json", 413, "body-too-large"),
    "no object": (b"[]", "application/json", 422, "invalid-body"),
    "null": (b"null", "application/json", 422, "invalid-body"),
    "empty object": (b"{}", "application/json", 422, "invalid-body"),
    "unknown key": (b'{"item_id": "db", "fields": {}, "colour": 1}', "application/json", 422, "invalid-body"),
    "wrong type": (b'{"item_id": 1, "fields": {}}', "application/json", 422, "invalid-body"),
    "fields as list": (b'{"item_id": "db", "fields": []}', "application/json", 422, "invalid-body"),
    "unknown mode": (b'{"item_id": "db", "fields": {}, "mode": "magic"}', "application/json", 422, "invalid-body"),
}  # fmt: skip


@pytest.mark.parametrize(("content", "kind", "status", "code"), TABLE.values(), ids=TABLE.keys())
def test_a_bad_body_is_a_problem(call, app, content, kind, status, code):
    """Each row: what is sent, and the status and code of the answer."""
    answer = send(call, app, content, kind)

    assert (status, code) == (answer.status_code, answer.json()["code"])
    assert "application/problem+json" == answer.headers["Content-Type"]
    assert len(answer.content) < 2000


def test_every_error_is_told_at_once(call, app):
    """With a JSON pointer into the body, in which `~` and `/` are escaped."""
    answer = send(call, app, b'{"a/b~c": 1, "mode": 7}')

    assert {
        ("/item_id", "required"),
        ("/fields", "required"),
        ("/mode", "wrong-type"),
        ("/a~1b~0c", "unknown-key"),
    } == {(error["pointer"], error["code"]) for error in answer.json()["errors"]}
    assert "4 values are not accepted; see errors for each" == answer.json()["detail"]


def test_a_body_that_never_ends_is_cut_off(call, app):
    """The size is counted while it comes in: nobody has to say it, and nobody is believed."""
    sent = []

    async def endless():
        while True:
            sent.append(1)
            yield b" " * 1_000_000

    answer = call(app, "POST", content=endless(), headers={"Content-Type": "application/json"})

    assert 413 == answer.status_code
    assert 5 == len(sent)
    assert "close" == answer.headers["Connection"]


def test_a_lone_surrogate_does_not_break_the_answer(call, app):
    """JSON can escape half a character, which no UTF-8 text can hold."""
    answer = send(call, app, rb'{"\ud800": 1}')

    assert 422 == answer.status_code
    assert "invalid-body" == answer.json()["code"]
