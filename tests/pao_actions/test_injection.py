"""Hostile values on their way through a real request: what arrives is exactly the value, or a refusal names it."""

import base64
import hmac
import json
from urllib.parse import parse_qsl, unquote, unquote_plus
from xml.etree import ElementTree as ET

import pytest
from pao_actions.rest_api import RestApi
from pao_actions.testing import make_context, run_action
from pao_actions.webhook import Webhook

from catalog_compiler.actions import Connection
from catalog_compiler.templates import EncodingError, Scope
from tests.pao_actions.conftest import Answer
from tests.pao_actions.hostile import HOSTILE


def send(target, value, **config):
    scope = Scope(fields={"x": value, "other": "other"}, env={"TOKEN": "secret"})
    outcome = run_action(RestApi(), {"method": "POST", "url": target.url, **config}, scope=scope)
    assert "completed" == outcome.status
    return target.only


@pytest.mark.parametrize("value", HOSTILE)
def test_json_body(target, value):
    """Inside quotes, outside them, and in a structured body."""
    body = '{"quoted": "{{fields.x}}", "value": {{fields.x}}, "last": 1}'

    assert {"quoted": value, "value": value, "last": 1} == json.loads(send(target, value, body_template=body).body)


@pytest.mark.parametrize("value", HOSTILE)
def test_structured_body(target, value):
    """A value is a value."""
    assert {"a": [value, f"<{value}>"]} == json.loads(
        send(target, value, body={"a": ["{{fields.x}}", "<{{fields.x}}>"]}).body
    )


@pytest.mark.parametrize("value", HOSTILE)
def test_form_body(target, value):
    """One parameter stays one parameter."""
    headers = {"Content-Type": "application/x-www-form-urlencoded"}

    body = send(target, value, headers=headers, body_template="a={{fields.x}}&b=1").body

    assert [("a", value), ("b", "1")] == parse_qsl(body.decode(), keep_blank_values=True)


@pytest.mark.parametrize("value", HOSTILE)
def test_xml_body(target, value):
    """Text and attribute."""
    headers = {"Content-Type": "application/xml"}

    document = ET.fromstring(
        send(target, value, headers=headers, body_template="<a b='{{fields.x}}'>{{fields.x}}</a>").body
    )

    assert (value, value) == (document.text, document.get("b"))


@pytest.mark.parametrize("value", HOSTILE)
def test_plain_body(target, value):
    """Nothing is changed."""
    headers = {"Content-Type": "text/plain"}

    assert value == send(target, value, headers=headers, body_template="{{fields.x}}").body.decode()


@pytest.mark.parametrize("value", HOSTILE)
def test_url(target, value):
    """One segment of the path, one parameter of the query."""
    path, _, query = send(target, value, url=f"{target.url}/a/{{{{fields.x}}}}/b?q={{{{fields.x}}}}").path.partition(
        "?"
    )

    assert ["", "a", value, "b"] == [unquote(segment) for segment in path.split("/")]
    assert [("q", value)] == parse_qsl(query, keep_blank_values=True)


@pytest.mark.parametrize("value", HOSTILE)
def test_query(target, value):
    """A parameter of `query`."""
    query = send(target, value, query={"q": "{{fields.x}}", "r": "1"}).path.partition("?")[2]

    assert [("q", value), ("r", "1")] == parse_qsl(query, keep_blank_values=True)


@pytest.mark.parametrize("value", HOSTILE)
def test_header(target, value):
    """As UTF-8; a value that would break the line is refused by name."""
    headers = {"X-Value": "<{{fields.x}}>"}
    if any(ord(character) < 32 for character in value):
        with pytest.raises(EncodingError, match=r"config\.headers\.X-Value: the value of 'fields\.x'"):
            send(target, value, headers=headers)
        return

    received = send(target, value, headers=headers)

    assert f"<{value}>" == received.headers["x-value"].encode("latin-1").decode()
    assert "x-evil" not in received.headers


LONG = "ü'\"<&{{x}}\\\n" * 9_000
"""100 kB."""


def test_long_values(target):
    """100 kB of text, in every kind of body."""
    for content_type, template, read in [
        ("application/json", '{"a": "{{fields.x}}"}', lambda body: json.loads(body)["a"]),
        ("application/xml", "<a>{{fields.x}}</a>", lambda body: ET.fromstring(body).text),
        ("text/plain", "{{fields.x}}", bytes.decode),
        ("application/x-www-form-urlencoded", "a={{fields.x}}", lambda body: parse_qsl(body.decode())[0][1]),
    ]:
        target.received.clear()
        headers = {"Content-Type": content_type}
        assert LONG == read(send(target, LONG, headers=headers, body_template=template).body)


def each(target, config, read, values=HOSTILE, **scope):
    """What arrives for each value, or the refusal that names it; `config` and `read` are of one value."""
    for value in values:
        target.received.clear()
        fields = Scope(fields={"x": value, "other": "other"}, env={"TOKEN": "secret"}, **scope)
        try:
            outcome = run_action(RestApi(), config(value), scope=fields)
        except EncodingError:
            assert any(ord(character) < 32 for character in value)
            continue
        assert ("completed", None) == (outcome.status, outcome.error)
        assert value == read(target.received)


def later(target, **config):
    """A call whose work goes on, of which one look sees the end."""
    target.answers = [Answer(202, b'{"id": "i"}', {"Location": "/ops"}), Answer(200, b'{"status": "done"}')]
    until = {"status_codes": [200]}
    return {"method": "POST", "url": target.url, **config, "poll": {"until": until, **config["poll"]}}


def test_where_it_looks(target):
    """A segment and a parameter of the URL; braces of a value are no place."""
    place = {"url": f"{target.url}/a/{{{{fields.x}}}}/{{$.id}}?q={{{{fields.x}}}}"}

    def read(received):
        path, _, query = received[1].path.partition("?")
        segment = [unquote(part) for part in path.split("/")]
        assert ["", "a", segment[2], "i"] == segment
        assert [("q", segment[2])] == parse_qsl(query, keep_blank_values=True)
        return segment[2]

    each(target, lambda _: later(target, poll=place), read, [*HOSTILE, "{$.id}", "{Location}", "}{"])


def test_headers_of_a_look(target):
    """A line each."""
    each(
        target,
        lambda _: later(target, poll={"headers": {"X-Value": "<{{fields.x}}>"}}),
        lambda received: received[1].headers["x-value"].encode("latin-1").decode()[1:-1],
    )


def test_values_of_conditions(target):
    """Compared as they are."""

    def config(value):
        condition = {"path": "$.status", "in": ["{{fields.x}}"]}
        made = later(target, poll={"until": condition}, response_mapping={"status": "$.status"})
        target.answers[1] = Answer(200, json.dumps({"status": value}).encode())
        return made

    for value in HOSTILE:
        outcome = run_action(RestApi(), config(value), scope=Scope(fields={"x": value, "other": "o"}))
        assert value == outcome.result.outputs["status"]


def test_values_that_the_answer_gives(target):
    """A place of the URL is one segment, whatever it holds."""
    for value in HOSTILE:
        target.received.clear()
        config = later(target, poll={"url": "/a/{$.id}/b?q={$.id}"})
        target.answers[0] = Answer(202, json.dumps({"id": value}).encode())

        assert "completed" == run_action(RestApi(), config).status
        path, _, query = target.received[1].path.partition("?")
        assert ["", "a", value, "b"] == [unquote(part) for part in path.split("/")]
        assert [("q", value)] == parse_qsl(query, keep_blank_values=True)


def test_credentials(target):
    """Username and password are texts; what can't be one is refused."""
    basic = {"type": "basic", "config": {"username": "u", "password": "{{fields.x}}"}}

    def read(received):
        return base64.b64decode(received[0].headers["authorization"].removeprefix("Basic ")).decode()[2:]

    each(target, lambda _: {"url": target.url, "authentication": basic}, read)


@pytest.mark.parametrize("style", ["basic", "post"])
def test_a_tokens_request(target, other_target, style):
    """Id, secret, scope and audience are form values; none becomes another parameter."""
    names = ("client_id", "client_secret", "scope", "audience")

    for value in HOSTILE:
        other_target.received.clear()
        other_target.answers = [Answer(200, b'{"access_token": "t", "token_type": "bearer"}')]
        settings = {"token_url": f"{other_target.url}/{{{{fields.x}}}}/token", "auth_style": style}
        settings |= dict.fromkeys(names, "{{fields.x}}")
        config = {"url": target.url, "authentication": {"type": "oauth2", "config": settings}}
        try:
            run_action(RestApi(), config, scope=Scope(fields={"x": value}))
        except EncodingError:
            assert any(ord(character) < 32 for character in value)
            continue
        asked = other_target.only
        assert ["", value, "token"] == [unquote(part) for part in asked.path.split("/")]
        form = parse_qsl(asked.body.decode(), strict_parsing=True)
        sent = names if style == "post" else names[2:]
        assert {("grant_type", "client_credentials"), *((name, value) for name in sent)} == set(form)
        if style == "basic":
            pair = base64.b64decode(asked.headers["authorization"].removeprefix("Basic ")).decode()
            assert [value, value] == [unquote_plus(part) for part in pair.split(":")]


def test_webhooks(target):
    """Body, header and URL; the signature is over what arrives."""
    secret = Connection(id="hook", type="generic", password="s3cret")
    for value in [*HOSTILE, LONG]:
        target.received.clear()
        config = {
            "url": f"{target.url}/{{{{fields.x | truncate(200)}}}}",
            "headers": {"X-Value": "{{fields.x | slug}}"},
            "body_template": '{"text": "{{fields.x}}", "value": {{fields.x}}}',
            "signature": {"secret_ref": "hook"},
        }
        scope = Scope(fields={"x": value, "other": "other"}, env={"TOKEN": "secret"})

        assert "completed" == run_action(Webhook(), config, scope=scope, context=make_context(secret)).status
        assert {"text": value, "value": value} == json.loads(target.only.body)
        digest = hmac.new(b"s3cret", target.only.body, "sha256").hexdigest()
        assert f"sha256={digest}" == target.only.headers["x-signature"]
        assert unquote(target.only.path)[1:20] == value[:19]
