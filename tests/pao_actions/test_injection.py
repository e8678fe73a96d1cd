"""Hostile values on their way through a real request: what arrives is exactly the value, or a refusal names it."""

import json
from urllib.parse import parse_qsl, unquote
from xml.etree import ElementTree as ET

import pytest
from pao_actions.rest_api import RestApi
from pao_actions.testing import run_action

from catalog_compiler.templates import EncodingError, Scope
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
