"""Previews: what a request would send, without a secret and without a call."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import JsonValue

from catalog_compiler.previewing import PreviewedAction, PreviewedResource, preview
from catalog_compiler.run_format import UserInfo
from tests.items import NAME_FIELD, action, compiled_item

USER = UserInfo(id="1", email="dev@example.com", name="Dev", roles=("developer",))
FIELDS = [
    NAME_FIELD,
    {"id": "key", "name": "Key", "type": "password", "order": 2},
    {"id": "note", "name": "Note", "type": "json", "order": 3, "sensitive": True},
    {"id": "size", "name": "Size", "type": "integer", "order": 4},
    {"id": "zone", "name": "Zone", "type": "selection", "order": 5, "validation": {"enum": ["eu.example.com:8080"]}},
]
VALUES: dict[str, JsonValue] = {
    "name": 'a "b"/c',
    "key": "sesame",
    "note": {"pin": "4711"},
    "size": 3,
    "zone": "eu.example.com:8080",
}


def previewed(*actions: dict[str, Any], user: UserInfo | None = USER, **more: Any) -> list[PreviewedAction]:
    """The actions of an item with the fields above."""
    item = compiled_item("queue", *actions, fields=FIELDS, **more)
    return preview(item.item, item.plan, VALUES, user)


def config(**more: Any) -> dict[str, Any]:
    return {"method": "POST", "url": "https://example.com/x"} | more


def body(text: JsonValue, **more: Any) -> JsonValue:
    """What becomes of a body, given as text or as a structure."""
    key = "body_template" if isinstance(text, str) else "body"
    (only,) = previewed(action("one", config=config(**{key: text}), **more))
    assert only.error is None
    return only.config[key]


def test_values_are_encoded_as_they_would_be_sent():
    """A quote in a name is escaped in JSON and percent-encoded in a URL."""
    (only,) = previewed(
        action(
            "one",
            config={"method": "GET", "url": "https://example.com/{{fields.name}}", "headers": {"X": "{{fields.size}}"}},
        )
    )

    assert {"method": "GET", "url": "https://example.com/a%20%22b%22%2Fc", "headers": {"X": "3"}} == only.config
    assert '{"name": "a \\"b\\"/c"}' == body('{"name": "{{fields.name}}"}')


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ('{"a": "{{env.TOKEN}}"}', '{"a": "***"}'),
        ('{"a": "{{fields.key}}"}', '{"a": "***"}'),
        ('{"a": "{{fields.key | base64}}"}', '{"a": "***"}'),
        ('{"a": {{fields.note}}}', '{"a": "***"}'),
        ('{"a": "{{fields.note.pin}}"}', '{"a": "***"}'),
        ({"a": "{{fields.key}}", "b": ["{{fields.note}}"]}, {"a": "***", "b": ["***"]}),
    ],
)
def test_secrets_are_masked(template, expected):
    """Variables, passwords and sensitive fields, whatever a filter would make of them."""
    assert expected == body(template)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ('{"a": "{{request.id}}"}', '{"a": "<request.id>"}'),
        ('{"a": "{{request.timestamp | date(\'%Y\')}}"}', '{"a": "<request.timestamp>"}'),
        ('{"a": "{{request.user}} {{request.user.roles[0]}}"}', '{"a": "dev@example.com developer"}'),
        ({"a": "{{request.user.organization}}"}, {"a": None}),
        ({"a": "{{fields.size}}", "b": "{{header.owner}}"}, {"a": 3, "b": "team"}),
    ],
)
def test_what_is_known_is_shown_and_the_rest_named(template, expected):
    """A date that is not there yet is no reason to fail."""
    assert expected == body(template)


def test_a_response_is_a_placeholder_that_is_readable_everywhere():
    """Also in a URL, where brackets would be encoded, and in the rollback."""
    first = action("first", config=config(response_mapping={"ids": "$.ids", "id": "$.id"}))
    undo = {"type": "rest-api", "config": {"method": "DELETE", "url": "https://example.com/{{response.first.id}}"}}
    second = action(
        "second", config={"method": "GET", "url": "https://example.com/{{response.first.ids[0]}}?q={{fields.size}}"}
    )

    one, two = previewed(first | {"rollback": undo}, second)

    assert "https://example.com/<response.first.ids[0]>?q=3" == two.config["url"]
    assert "https://example.com/<response.first.id>" == one.rollback.config["url"]
    assert ("first",) == two.depends_on


def test_a_host_that_a_variable_gives_stays_a_host():
    """What follows it up to the path is a part of the host, and the rest is encoded as in a path."""
    (only,) = previewed(action("one", config={"method": "GET", "url": "{{env.URL}}{{fields.zone}}/{{fields.name}}"}))

    assert "***eu.example.com:8080/a%20%22b%22%2Fc" == only.config["url"]


def test_an_action_whose_condition_is_false_is_skipped():
    """And its response is empty for those after it, as in a real run."""
    first = action("first", when={"field": "size", "operator": "gt", "value": 9})
    second = action("second", config=config(body={"code": "{{response.first.status_code | default('none')}}"}))

    one, two = previewed(first, second)

    assert (True, {}) == (one.skipped, one.config)
    assert {"code": "none"} == two.config["body"]


def test_what_would_fail_before_the_call_says_so():
    """A value that can't stand where it is to stand is told with its place, without the value."""
    (only,) = previewed(
        action("one", config={"method": "GET", "url": "https://example.com/{{fields.size | replace('3', '..')}}/x"})
    )

    assert only.error.startswith("config.url: the value of 'fields.size' makes '..' of a part of the path")
    assert only.config["url"] is None


def test_without_a_user_there_are_placeholders():
    """As on the command line, where nobody has signed in."""
    (only,) = previewed(action("one", config=config(body={"by": "{{request.user.email}}"})), user=None)

    assert {"by": "<request.user.email>"} == only.config["body"]


def test_a_user_cannot_write_what_looks_like_a_template():
    """A value is never read as a template."""
    item = compiled_item("queue", action("one", config=config(body={"a": "{{fields.name}}"})))

    (only,) = preview(item.item, item.plan, {"name": "{{env.TOKEN}}"}, USER)

    assert {"a": "{{env.TOKEN}}"} == only.config["body"]


def test_the_mode_is_chosen():
    """By default the one that a request would take."""
    item = compiled_item("queue", action("made"), manual=[action("ticket")])

    assert ["made"] == [one.name for one in preview(item.item, item.plan, {}, USER)]
    assert ["ticket"] == [one.name for one in preview(item.item, item.plan, {}, USER, mode="manual")]


def test_what_would_be_provisioned_is_shown():
    """As it would be on record: with placeholders for what only a request can tell, and without a secret."""
    provisioned = {
        "type": "queue",
        "id": "{{response.one.id}}",
        "name": "{{fields.name}}",
        "attributes": {"size": "{{fields.size}}", "login": {"key": "{{fields.key}}"}},
    }
    mapped = config(response_mapping={"id": "$.id"})
    (only,) = previewed(
        action("one", config=mapped, resources=[provisioned, {"type": "thing", "id": "{{response.one.id}}-log"}])
    )

    assert [
        PreviewedResource(
            type="queue",
            id="<response.one.id>",
            name='a "b"/c',
            attributes={"size": 3, "login": {"key": "***"}},
        ),
        PreviewedResource(type="thing", id="<response.one.id>-log", name="<response.one.id>-log", attributes={}),
    ] == list(only.resources)


def test_what_can_not_be_told_of_it_is_said():
    """The rest of it is shown, and the action is not in error."""
    item = compiled_item("queue", action("one", config=config(), resources=[{"type": "q", "id": "{{fields.name}}"}]))
    (only,) = preview(item.item, item.plan, {"name": "two\nlines"}, USER)

    assert (None, None) == (only.error, only.resources[0].id)
    assert only.resources[0].error.startswith("id: ")
