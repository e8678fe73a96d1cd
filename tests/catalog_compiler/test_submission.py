"""What a submitted form comes to."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator, Draft202012Validator

from catalog_compiler.conditions import check_conditions, visible_fields
from catalog_compiler.field_types import check_definition
from catalog_compiler.form import item_form
from catalog_compiler.submission import FieldError, Submission, check_submission
from tests.catalog_compiler.forms import an_item

NOW = datetime(2026, 3, 15, 12, 0, tzinfo=UTC)
SECRET = "hunter2\n"
LINES = {"id": "a", "type": "boolean"}
ADVANCED = {"field": "a", "operator": "eq", "value": True}


def data_url(content: bytes = b"hello", name: str = "a.txt", kind: str = "text/plain") -> str:
    return f"data:{kind};name={name};base64,{base64.b64encode(content).decode()}"


def submit(field: dict[str, Any], value: Any) -> Submission:
    return check_submission(an_item({"id": "x"} | field), {"x": value}, now=NOW)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ({"type": "string", "validation": {"min": 3, "max": 3}}, "äöü"),
        ({"type": "string"}, ""),
        ({"type": "string"}, "{{ env.TOKEN }} ${HOME}"),
        ({"type": "string", "validation": {"enum": ["a", "b"]}}, "a"),
        ({"type": "string", "validation": {"pattern": "b"}}, "abc"),
        ({"type": "text"}, "two\nlines"),
        ({"type": "integer"}, -(2**53) + 1),
        ({"type": "number"}, 2.5),
        ({"type": "boolean"}, True),
        ({"type": "selection", "validation": {"enum": ["a", 1, True]}}, True),
        ({"type": "multi-selection", "validation": {"enum": ["a", "b"], "min": 2}}, ["b", "a"]),
        ({"type": "multi-selection", "validation": {"enum": ["a", "b"], "min": 2}}, []),
        ({"type": "date", "validation": {"min": "today", "max": "today+1d"}}, "2026-03-16"),
        ({"type": "date"}, "2024-02-29"),
        ({"type": "datetime", "validation": {"max": "today"}}, "2026-03-15T23:59:59.999Z"),
        ({"type": "datetime", "validation": {"min": "2026-03-15T00:00:00Z"}}, "2026-03-15T01:30:00+01:30"),
        ({"type": "email"}, "first.last+tag@mail.example.com"),
        ({"type": "url"}, "https://user@example.com:8443/a%20b?c=d#e"),
        ({"type": "url"}, "http://[::1]/"),
        ({"type": "url", "validation": {"schemes": ["ssh", "s3"]}}, "s3://bucket/key"),
        ({"type": "password"}, "a b\tc"),
        ({"type": "file", "validation": {"max": 5, "content_types": ["text/*"]}}, data_url()),
        ({"type": "file"}, data_url(b"")),
        ({"type": "json"}, {"a": [1, None, "x"]}),
        ({"type": "json"}, " null "),
        ({"type": "json", "validation": {"schema": {"type": "object"}}}, '{"a": 1}'),
        ({"type": "yaml"}, "a:\n  - 1\n  - on\n"),
    ],
)
def test_good_value_is_taken_as_it_is(field, value):
    """Each type; a template in a value is text like any other."""
    assert Submission(values={"x": value}, errors=()) == submit(field, value)


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ({"type": "string"}, 5, "wrong-type"),
        ({"type": "string"}, None, "null"),
        ({"type": "string", "required": True}, "", "required"),
        ({"type": "string"}, "two\nlines", "line-break"),
        ({"type": "string"}, "two\u2028lines", "line-break"),
        ({"type": "string"}, "nul\0", "invalid-characters"),
        ({"type": "text"}, "half \ud83d", "invalid-characters"),
        ({"type": "text", "validation": {"min": 3}}, "ab", "too-short"),
        ({"type": "text", "validation": {"max": 3}}, "abcd", "too-long"),
        ({"type": "text"}, "a" * 1_048_577, "too-long"),
        ({"type": "string", "validation": {"pattern": "^a$"}}, "b", "pattern-mismatch"),
        ({"type": "string", "validation": {"patterns": ["a", "b"]}}, "a", "pattern-mismatch"),
        ({"type": "string", "validation": {"enum": ["a"]}}, "b", "not-an-option"),
        ({"type": "integer"}, True, "wrong-type"),
        ({"type": "integer"}, 1.5, "wrong-type"),
        ({"type": "integer"}, "1", "wrong-type"),
        ({"type": "integer"}, float("nan"), "wrong-type"),
        ({"type": "integer"}, 10**400, "too-large"),
        ({"type": "integer", "validation": {"min": 2}}, 1, "too-small"),
        ({"type": "number"}, float("inf"), "wrong-type"),
        ({"type": "number"}, 10**400, "too-large"),
        ({"type": "number"}, -(10**400), "too-large"),
        ({"type": "number", "validation": {"max": 0.5}}, 0.6, "too-large"),
        ({"type": "boolean"}, "true", "wrong-type"),
        ({"type": "boolean"}, 1, "wrong-type"),
        ({"type": "selection", "validation": {"enum": ["a", 1]}}, True, "not-an-option"),
        ({"type": "selection", "validation": {"enum": ["a"]}}, ["a"], "wrong-type"),
        ({"type": "multi-selection", "validation": {"enum": ["a"]}}, "a", "wrong-type"),
        ({"type": "multi-selection", "validation": {"enum": ["a"]}}, ["b"], "not-an-option"),
        ({"type": "multi-selection", "validation": {"enum": ["a"]}}, ["a", "a"], "duplicate-option"),
        ({"type": "multi-selection", "validation": {"enum": ["a"]}}, ["a"] * 100_000, "duplicate-option"),
        ({"type": "multi-selection", "validation": {"enum": ["a"]}}, [[["a"]]], "not-an-option"),
        ({"type": "multi-selection", "required": True, "validation": {"enum": ["a"]}}, [], "required"),
        ({"type": "multi-selection", "validation": {"enum": ["a", "b"], "min": 2}}, ["a"], "too-few"),
        ({"type": "multi-selection", "validation": {"enum": ["a", "b"], "max": 1}}, ["a", "b"], "too-many"),
        ({"type": "date"}, "2026-02-29", "invalid-format"),
        ({"type": "date"}, "20260228", "invalid-format"),
        ({"type": "date"}, 20260228, "wrong-type"),
        ({"type": "date", "validation": {"min": "today"}}, "2026-03-14", "too-early"),
        ({"type": "date", "validation": {"max": "today+30d"}}, "2026-04-15", "too-late"),
        ({"type": "datetime"}, "2026-03-15T12:00:00", "invalid-format"),
        ({"type": "datetime"}, "2026-03-15T24:00:00Z", "invalid-format"),
        ({"type": "datetime"}, "2026-02-30T12:00:00Z", "invalid-format"),
        ({"type": "datetime", "validation": {"min": "2026-03-15T00:00:00Z"}}, "2026-03-15T00:30:00+01:00", "too-early"),
        ({"type": "datetime", "validation": {"max": "2026-03-15T00:00:00Z"}}, "2026-03-15T00:00:00.1Z", "too-late"),
        ({"type": "email"}, "someone", "invalid-format"),
        ({"type": "email"}, "a@localhost", "invalid-format"),
        ({"type": "email"}, "a@b.co\n", "invalid-format"),
        ({"type": "url"}, "ftp://example.com", "invalid-format"),
        ({"type": "url"}, "javascript:alert(1)", "invalid-format"),
        ({"type": "url"}, "https://", "invalid-format"),
        ({"type": "url"}, "https://example.com/a b", "invalid-format"),
        ({"type": "url"}, "https://[:::]/", "invalid-format"),
        ({"type": "password", "validation": {"min": 12}}, SECRET, "too-short"),
        ({"type": "password", "validation": {"pattern": "^[A-Z]+$"}}, SECRET, "pattern-mismatch"),
        ({"type": "file"}, "hello", "invalid-format"),
        ({"type": "file"}, "data:text/plain;base64,aGk=", "invalid-format"),
        ({"type": "file"}, "data:text/plain;name=a.txt;base64,aGk", "invalid-format"),
        ({"type": "file"}, data_url(name="..%2Fetc%2Fpasswd"), "invalid-format"),
        ({"type": "file", "validation": {"max": 4}}, data_url(), "too-large"),
        ({"type": "file"}, data_url(b"x" * 1_500_000), "too-large"),
        ({"type": "file", "validation": {"min": 6}}, data_url(), "too-small"),
        ({"type": "file", "validation": {"content_types": ["image/*"]}}, data_url(), "content-type"),
        ({"type": "json"}, None, "null"),
        ({"type": "json"}, "{", "invalid-json"),
        ({"type": "json"}, "NaN", "invalid-json"),
        ({"type": "json"}, "[" * 100_000, "invalid-json"),
        ({"type": "json"}, "[" * 51 + "]" * 51, "too-deep"),
        ({"type": "json"}, json.loads("[" * 51 + "]" * 51), "too-deep"),
        ({"type": "json"}, "1e999", "too-large"),
        ({"type": "json"}, "1" * 5_000, "invalid-json"),
        ({"type": "json"}, '"\\ud800"', "invalid-characters"),
        ({"type": "json"}, {"a\0": 1}, "invalid-characters"),
        ({"type": "json"}, [float("nan")], "too-large"),
        ({"type": "json", "validation": {"max": 5}}, [1, 2, 3], "too-long"),
        ({"type": "json", "validation": {"schema": {"type": "object"}}}, "[]", "schema-mismatch"),
        ({"type": "json"}, {"$sealed": "a text that was copied"}, "reserved-key"),
        ({"type": "yaml"}, "a: *b", "invalid-yaml"),
        ({"type": "yaml"}, "a: 1\na: 2", "invalid-yaml"),
    ],
    ids=lambda part: repr(part)[:40],
)
def test_bad_value_is_refused_with_its_code(field, value, code):
    """Each type, hostile values included; one mistake, one error, at the field."""
    submission = submit(field, value)
    assert [("/fields/x", code)] == [(error.pointer, error.code) for error in submission.errors]
    assert {} == submission.values


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ({"type": "integer"}, 3.0, 3),
        ({"type": "selection", "validation": {"enum": [1, 2]}}, 1.0, 1),
        ({"type": "multi-selection", "validation": {"enum": [1, 2]}}, [2.0], [2]),
    ],
)
def test_equal_number_is_stored_as_the_author_wrote_it(field, value, expected):
    """JSON knows no difference between 3 and 3.0, and templates would."""
    stored = submit(field, value).values["x"]
    assert repr(expected) == repr(stored)


def test_every_error_at_once():
    """Missing, unknown, hidden and wrong ones, in the order of the form."""
    item = an_item(
        {"id": "name", "name": "Name", "required": True},
        {"id": "size", "name": "Size", "type": "integer", "validation": {"max": 8}},
        {"id": "a", "name": "Advanced", "type": "boolean"},
        {"id": "b", "name": "Extra", "conditional": ADVANCED},
    )
    expected = (
        FieldError(pointer="/fields/name", code="required", message="Name is required; give a value."),
        FieldError(pointer="/fields/size", code="too-large", message="Size must be at most 8."),
        FieldError(
            pointer="/fields/b", code="hidden-field", message="Extra is not asked for with these values; leave it out."
        ),
        FieldError(
            pointer="/fields/nam",
            code="unknown-field",
            message="'nam' is not a field of this item; did you mean 'name'?",
        ),
    )
    assert expected == check_submission(item, {"nam": "x", "size": 9, "b": "x"}, now=NOW).errors


def test_values_are_those_of_visible_fields_with_defaults():
    """A hidden field has no value, its default neither; an empty optional field is not there."""
    item = an_item(
        {"id": "name", "default": "orders"},
        {"id": "a", "type": "boolean", "required": True},
        {"id": "b", "default": "extra", "conditional": ADVANCED},
        {"id": "note", "type": "text"},
    )
    assert {"name": "orders", "a": False} == check_submission(item, {}, now=NOW).values
    assert {"name": "x", "a": True, "b": "extra"} == check_submission(item, {"name": "x", "a": True}, now=NOW).values


def test_required_hidden_field_is_not_missed():
    """Required means required where visible."""
    item = an_item(LINES, {"id": "b", "required": True, "conditional": ADVANCED})
    assert () == check_submission(item, {}, now=NOW).errors
    assert ["required"] == [error.code for error in check_submission(item, {"a": True}, now=NOW).errors]


def test_default_that_today_has_overtaken_is_refused():
    """It was valid when the item was written."""
    item = an_item({"id": "x", "type": "date", "default": "2026-01-01", "validation": {"min": "today"}})
    assert ["too-early"] == [error.code for error in check_submission(item, {}, now=NOW).errors]


@pytest.mark.parametrize(
    "field",
    [
        {"type": "password", "validation": {"min": 20, "pattern": "^[0-9]+$"}},
        {"sensitive": True, "validation": {"enum": ["a"]}},
        {"type": "json", "sensitive": True, "validation": {"schema": {"type": "object"}}},
        {"type": "yaml", "sensitive": True},
        {"type": "email", "sensitive": True},
        {"type": "file", "sensitive": True},
    ],
)
@pytest.mark.parametrize("value", ["*hunter2", '"hunter2"'])
def test_message_never_tells_a_secret(field, value):
    """Neither the value nor a part of it."""
    assert not [error.message for error in submit(field, value).errors if "hunter2" in error.message]


def test_strange_names_are_refused_without_trouble():
    """Long ones, and such as are no text."""
    for name in ("x" * 1_000_000, "\ud800", "a/b~c", ""):
        (error,) = check_submission(an_item({"id": "x"}), {name: 1}, now=NOW).errors
        assert "unknown-field" == error.code
        assert len(error.message) < 300
        assert error.message.encode()


# Random items and submissions: the server and the schema give one verdict.

WORDS = st.text("abcäß01 -_/@.:", max_size=6)
CHOICES = ["a", "b", 1, 2.5, True]
DATES = ["2025-12-31", "2026-01-01", "2026-03-15", "2026-03-16", "2026-11-09", "2026-02-30", "today", ""]
TIMES = [
    "2026-01-01T00:00:00Z",
    "2026-03-15T12:00:00.000Z",
    "2026-03-15T12:00:00.5Z",
    "2027-01-01T00:00:00Z",
    "2026-03-15",
]
JUNK = st.sampled_from([None, 0, -1, 3, 2.5, True, False, "", "a", "ab\n", [], ["a"], [1, 1.0], {}, {"a": 1}])
BOUNDS = st.fixed_dictionaries({}, optional={"min": st.integers(0, 2), "max": st.integers(2, 5)})

VALUES: dict[str, st.SearchStrategy[Any]] = {
    "string": WORDS,
    "text": WORDS,
    "password": WORDS,
    "integer": st.integers(-3, 8) | st.sampled_from([3.0, 2**53, -(2**53)]),
    "number": st.floats(-3, 8) | st.integers(-3, 8),
    "boolean": st.booleans(),
    "selection": st.sampled_from([*CHOICES, 1.0, False]),
    "multi-selection": st.lists(st.sampled_from([*CHOICES, 1.0]), max_size=4),
    "date": st.sampled_from(DATES),
    "datetime": st.sampled_from(TIMES),
    "email": st.sampled_from(["a@b.co", "a@b", "a b@c.de", "@b.co", "a@-b.co", "A.b+c@d-e.org", "a..b@c.de", ""]),
    "url": st.sampled_from(
        ["http://a", "https://a.b/c?d=e#f", "ssh://a", "http:/a", "https://a b", "//a", "https://a:b", ""]
    ),
    "json": st.sampled_from(["1", "[]", '{"a": null}', 1, [], {"a": [True]}, False]),
}
VALIDATIONS: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    **dict.fromkeys(
        ["string", "text", "password"], BOUNDS | st.sampled_from([{"pattern": "^[a-c]"}, {"patterns": ["a", "0"]}])
    ),
    **dict.fromkeys(["integer", "number"], BOUNDS),
    "boolean": st.just({}),
    "selection": st.just({"enum": CHOICES}),
    "multi-selection": BOUNDS.map(lambda bounds: bounds | {"enum": CHOICES}),
    "date": st.sampled_from(
        [{}, {"min": "2026-01-01"}, {"max": "2026-03-15"}, {"min": "2026-01-01", "max": "2026-03-15"}]
    ),
    "datetime": st.sampled_from([{}, {"min": "2026-03-15T12:00:00Z"}, {"max": "2026-03-15"}]),
    **dict.fromkeys(["email", "url"], BOUNDS.map(lambda bounds: {key: value * 4 for key, value in bounds.items()})),
    "json": st.just({}),
}
OPERATORS = ["eq", "ne", "in", "not_in", "gt", "lt", "gte", "lte"]


@st.composite
def conditions(draw: Any, fields: list[dict[str, Any]], depth: int = 2) -> Any:
    """A condition on one of the fields, or some in each other."""
    form = draw(st.sampled_from(["leaf", "leaf", "all", "any", "not"])) if depth else "leaf"
    if form == "not":
        return {"not": draw(conditions(fields, depth - 1))}
    if form != "leaf":
        return {form: draw(st.lists(conditions(fields, depth - 1), min_size=1, max_size=2))}
    field, operator = draw(st.sampled_from(fields)), draw(st.sampled_from(OPERATORS))
    value = draw(VALUES[field["type"]])
    if operator in {"in", "not_in"}:
        value = value if field["type"] == "multi-selection" else [value]
    return {"field": field["id"], "operator": operator, "value": value}


def _is_fine(fields: list[dict[str, Any]]) -> bool:
    item = an_item(*fields)
    return not any(any(check_definition(field)) for field in item.fields) and not any(check_conditions(item))


@st.composite
def items(draw: Any) -> list[dict[str, Any]]:
    """Valid fields; what a draw makes invalid (a default, a condition) is left out again."""
    fields: list[dict[str, Any]] = []
    for place in range(draw(st.integers(1, 5))):
        kind = draw(st.sampled_from(sorted(VALUES)))
        field = {
            "id": f"f{place}",
            "type": kind,
            "required": draw(st.sampled_from([False, False, True])),
            "validation": draw(VALIDATIONS[kind]),
        }
        tries = [("default", draw(VALUES[kind]))] if draw(st.booleans()) else []
        tries += [("conditional", draw(conditions(fields))) for _ in range(3) if fields]
        for key, value in tries:
            if key not in field and _is_fine([*fields, field | {key: value}]):
                field[key] = value
        if _is_fine([*fields, field]):
            fields.append(field)
    return fields or [{"id": "f0", "type": "string"}]


@settings(max_examples=300, deadline=None)
@given(data=st.data(), fields=items())
def test_server_and_schema_agree(data, fields):
    """Both drafts of JSON Schema and the server's own checks give one verdict, whatever is submitted."""
    given_ids = data.draw(st.sets(st.sampled_from([field["id"] for field in fields])))
    submitted = {
        field["id"]: data.draw(VALUES[field["type"]] | VALUES[field["type"]] | JUNK)
        for field in fields
        if field["id"] in given_ids
    }
    if data.draw(st.integers(0, 9)) == 0:
        submitted["stranger"] = 1
    item = an_item(*fields)
    if data.draw(st.booleans()):  # as a form sends it: nothing hidden
        submitted = {key: value for key, value in submitted.items() if key in visible_fields(item, submitted)}
    schema = item_form(item).schema
    submission = check_submission(item, submitted, now=NOW)
    verdict = not submission.errors
    if any(error.code == "invalid-json" for error in submission.errors):
        return  # whether a text parses is the server's rule alone
    for validator in (Draft7Validator, Draft202012Validator):
        assert verdict == validator(schema, format_checker=validator.FORMAT_CHECKER).is_valid(submitted), submission
