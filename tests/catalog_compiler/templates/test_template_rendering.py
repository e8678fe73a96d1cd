"""Rendering templates: values with their types, in texts, through filters, and errors that name the reference."""

import base64

import pytest

from catalog_compiler.actions import ActionType
from catalog_compiler.encoding import Encoding
from catalog_compiler.templates import (
    EncodingError,
    FilterError,
    Scope,
    UnresolvedReferenceError,
    field_value,
    references,
    render,
    render_config,
)

SCOPE = Scope(
    fields={
        "name": "Orders",
        "count": 3,
        "ratio": 1.5,
        "on": True,
        "tags": ["a", "b"],
        "extra": {"k": [1]},
        "no": None,
    },
    header={"id": "db", "sla": {"support_level": "tier-1"}},
    request={"id": "r-1", "user": {"email": "dev@example.com", "roles": ["User"]}},
    response={"create": {"id": 7, "hosts": [{"ip": "10.0.0.1"}], "null": None}, "skipped": None},
    env={"URL": "https://api.example.com:8443/base?x=1"},
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{{fields.count}}", 3),
        ("{{fields.on}}", True),
        ("{{fields.tags}}", ["a", "b"]),
        ("{{fields.extra}}", {"k": [1]}),
        ("{{fields.extra.k[0]}}", 1),
        ("{{fields.absent}}", None),
        ("{{fields.extra.absent.deeper}}", None),
        ("{{response.skipped.anything[0].at_all}}", None),
        ("{{response.create.null.deeper}}", None),
        ("{{response.create.hosts[0].ip}}", "10.0.0.1"),
        ("{{request.user}}", "dev@example.com"),
        ("{{request.user.roles}}", ["User"]),
        ("{{header.sla.support_level}}", "tier-1"),
        (" {{fields.count}}", " 3"),
        ("n={{fields.count}} r={{fields.ratio}} o={{fields.on}} t={{fields.tags}}", 'n=3 r=1.5 o=true t=["a", "b"]'),
        ("[{{fields.no}}]", "[]"),
        ("{{ '{{' }} {{fields.name}} }}", "{{ Orders }}"),
    ],
)
def test_a_single_reference_keeps_its_type(text, value):
    """Alone a value keeps its type; in a text it has its JSON form, and nothing is the empty text."""
    assert value == render(text, SCOPE, Encoding.VALUE)


@pytest.mark.parametrize("encoding", [Encoding.TEXT, Encoding.LINE, Encoding.FORM, Encoding.XML, Encoding.JSON])
def test_other_encodings_give_text(encoding):
    """A single reference is a text everywhere but in a structured value."""
    assert render("{{fields.count}}", SCOPE, encoding) == "3"


@pytest.mark.parametrize(
    ("filters", "value", "result"),
    [
        ("default('x')", None, "x"),
        ("default('x')", "", ""),
        ("upper | default('x')", None, "x"),
        ("lower", "ÄB", "äb"),
        ("upper", "ab", "AB"),
        ("trim", "  a b\n", "a b"),
        ("replace('.', '-')", "a.b.c", "a-b-c"),
        ("slug", "  Ünïcode & Co. #1 ", "unicode-co-1"),
        ("truncate(3)", "abcdef", "abc"),
        ("truncate(0)", "abc", ""),
        ("join(', ')", ["a", 1, True, None], "a, 1, true, "),
        ("first", ["a", "b"], "a"),
        ("last", ["a", "b"], "b"),
        ("first", [], None),
        ("last", "abc", "c"),
        ("length", ["a", "b"], 2),
        ("length", None, 0),
        ("json", {"a": "ä"}, '{"a": "ä"}'),
        ("json", None, "null"),
        ("base64", "ä", base64.b64encode("ä".encode()).decode()),
        ("int", " 42 ", 42),
        ("int", 2.9, 2),
        ("number", "1.50", 1.5),
        ("number", "-3", -3),
        ("string", 3, "3"),
        ("string", None, None),
        ("date('%d.%m.%Y')", "2025-03-09", "09.03.2025"),
        ("date('%A %d %b')", "2025-03-09", "Sunday 09 Mar"),
        ("date('%I:%M %p %z %%')", "2025-03-09T15:04:05+02:00", "03:04 PM +0200 %"),
    ],
)
def test_filters(filters, value, result):
    """What each filter makes of a value."""
    assert result == render("{{fields.v | " + filters + "}}", Scope(fields={"v": value}), Encoding.VALUE)


@pytest.mark.parametrize(
    ("filters", "value"),
    [
        ("join(',')", "abc"),
        ("lower", ["a"]),
        ("int", "4x"),
        ("int", "٣"),
        ("number", "nan"),
        ("number", "9" * 400),
        ("number", "1e999"),
        ("length", 3),
        ("first", 3),
        ("date('%Y')", "tomorrow"),
    ],
)
def test_a_filter_that_does_not_fit_names_the_reference(filters, value):
    """The message names reference and filter, and not the value, which may be secret."""
    with pytest.raises(FilterError, match=r"'fields\.v': the filter '\w+' needs") as caught:
        render("{{fields.v | " + filters + "}}", Scope(fields={"v": value}), Encoding.VALUE)

    assert str(value) not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{{response.create.host}}", "'response.create' has the fields: hosts, id, null"),
        ("{{response.create.hosts[1]}}", "'response.create.hosts' is a list of 1"),
        ("{{response.create.id.x}}", "'response.create.id' is a single value"),
        ("{{response.other.x}}", "actions with a response here: create, skipped"),
        ("{{env.TOKEN}}", "create the Airflow Variable 'PAO_TOKEN'"),
        ("{{secrets.x}}", "references start with fields, header, request, response, env"),
    ],
)
def test_a_missing_value_is_an_error_that_says_what_there_is(text, message):
    """A response field or a variable that is missing at run time is named, with what is there instead."""
    with pytest.raises(UnresolvedReferenceError, match=r"has no value|is not known") as caught:
        render(text, SCOPE, Encoding.VALUE)

    assert message in str(caught.value)


@pytest.mark.parametrize("text", ["{{response.create.host|default('d')}}", "{{env.TOKEN | upper | default('d')}}"])
def test_default_stands_in_for_what_is_missing(text):
    """`default` catches a missing response field, also behind other filters."""
    assert render(text, SCOPE, Encoding.VALUE) == "d"


@pytest.mark.parametrize("encoding", [Encoding.VALUE, Encoding.TEXT, Encoding.LINE])
def test_a_value_is_never_parsed_again(encoding):
    """A template in a user's value is text."""
    scope = Scope(fields={"a": "{{env.URL}} ${X} $(x)"}, env={"URL": "secret"})

    assert render("{{fields.a}}", scope, encoding) == "{{env.URL}} ${X} $(x)"


@pytest.mark.parametrize("value", ["a\nb", "a\r\nX-Evil: 1", "\x00", "\x1b[31m", "a\u2028b", "\x85"])
def test_a_line_refuses_control_characters(value):
    """A header can't be broken; the message names the reference."""
    with pytest.raises(EncodingError, match=r"'fields\.a'"):
        render("x {{fields.a}}", Scope(fields={"a": value}), Encoding.LINE)


@pytest.mark.parametrize(
    "encoding", [Encoding.VALUE, Encoding.TEXT, Encoding.LINE, Encoding.FORM, Encoding.XML, Encoding.URL]
)
def test_half_a_surrogate_pair_is_refused(encoding):
    """What UTF-8 can't carry gets a named refusal."""
    with pytest.raises(EncodingError, match=r"'fields\.a'"):
        render("{{fields.a}}", Scope(fields={"a": "\ud83d"}), encoding)


def test_a_form_value_adds_no_parameter():
    """Everything that has a meaning in a form is percent-encoded."""
    scope = Scope(fields={"a": "x&admin=1 +\n"})

    assert render("a={{fields.a}}&b=2", scope, Encoding.FORM) == "a=x%26admin%3D1%20%2B%0A&b=2"


class _Message(ActionType):
    @classmethod
    def encoding(cls, path, _config):
        return Encoding.LINE if path == ("subject",) else Encoding.VALUE

    async def run(self, config, context):
        raise NotImplementedError


def test_renders_a_whole_config():
    """Every string is rendered as its action type says; keys and names of connections stay as they are."""
    config = {
        "connection": "{{fields.name}}",
        "subject": "Hi {{fields.name}}",
        "{{fields.name}}": [{"n": "{{fields.count}}"}, 5, None],
    }

    rendered = render_config(_Message, config, SCOPE)

    assert {**config, "subject": "Hi Orders", "{{fields.name}}": [{"n": 3}, 5, None]} == rendered


def test_an_error_in_a_config_names_its_place():
    """The place in the config stands before the message."""
    with pytest.raises(UnresolvedReferenceError, match=r"^config\.list\[1\]\.x: 'env\.NO' has no value"):
        render_config(_Message, {"list": [1, {"x": "{{env.NO}}"}]}, SCOPE)


def test_collects_references():
    """Hosts look up exactly what a config refers to."""
    found = references(
        {"a": ["{{fields.x}} {{env.A}}", {"b": "{{response.one-two.y | default('z')}}"}], "c": "{{header.id}}"}
    )

    assert {"x"} == found.fields
    assert {"A"} == found.env
    assert {"one-two"} == found.responses
    assert {"id"} == found.header


@pytest.mark.parametrize(
    ("field_type", "value", "result"),
    [
        ("string", '{"a": 1}', '{"a": 1}'),
        ("json", '{"a": 1}', {"a": 1}),
        ("json", {"a": 1}, {"a": 1}),
        ("json", "plain", "plain"),
        ("json", "NaN", "NaN"),
        (
            "file",
            "data:text/plain;name=na%20me.txt;base64,aGVsbG8=",
            {"filename": "na me.txt", "content_type": "text/plain", "size": 5, "content": "aGVsbG8="},
        ),
        ("yaml", "a: [1, yes]", {"a": [1, "yes"]}),
        ("file", None, None),
    ],
)
def test_field_values(field_type, value, result):
    """Files, JSON and YAML become what they hold; other values stay as they are."""
    assert result == field_value(field_type, value)


@pytest.mark.parametrize(
    "value", ["hello", "data:text/plain;base64", "data:,hi%21", "data:text/plain;name=a;base64,%%%"]
)
def test_a_file_that_is_no_data_url_is_refused(value):
    """A broken file is an error, never an empty one."""
    with pytest.raises(ValueError, match="data URL"):
        field_value("file", value)
