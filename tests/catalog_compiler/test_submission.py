"""What a submitted form comes to."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator, Draft202012Validator, ValidationError
from jsonschema.validators import extend

from catalog_compiler.conditions import visible_fields
from catalog_compiler.conditions.meaning import leaves
from catalog_compiler.field_types import FIELD_TYPES
from catalog_compiler.field_types.dates import written_in_utc
from catalog_compiler.form import item_form
from catalog_compiler.model import Item
from catalog_compiler.patterns import compile_pattern
from catalog_compiler.submission import FieldError, Submission, check_submission
from tests.browser.judge import Judge
from tests.catalog_compiler.forms import an_item
from tests.catalog_compiler.random_forms import JUNK, VALUES, fields_of, item_groups, submissions

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


def _pattern(_: Any, pattern: str, value: Any, __: Any) -> Iterator[ValidationError]:
    if isinstance(value, str) and not compile_pattern(pattern).search(value):
        yield ValidationError(f"no match of {pattern}")


# A schema's patterns are ECMAScript's, and Python's `re` reads some signs differently (`$` before a line break).
VALIDATORS = [extend(draft, {"pattern": _pattern}) for draft in (Draft7Validator, Draft202012Validator)]


def compared_in_another_zone(item: Item, submitted: Any) -> bool:
    """Whether a condition asks about a time that is not written in UTC."""
    asked = {leaf.field for field in item.fields if field.conditional for _, leaf in leaves(field.conditional)}
    texts = {field.id: submitted.get(field.id) for field in item.fields if field.type == "datetime"}
    return any(isinstance(text, str) and not written_in_utc(text) for name, text in texts.items() if name in asked)


def agree(judge: Judge, item: Item, tries: list[dict[str, Any]]) -> None:
    """Hold the server, Python's validators, strict ajv and that of react-jsonschema-form to one verdict."""
    schema = item_form(item).schema
    verdicts = judge.verdicts(schema, tries)
    for validator in VALIDATORS:
        checked = validator(schema, format_checker=validator.FORMAT_CHECKER)
        verdicts[f"Python {validator.META_SCHEMA['$schema']}"] = [checked.is_valid(one) for one in tries]
    for place, one in enumerate(tries):
        errors = check_submission(item, one, now=NOW).errors
        if not errors or any(error.rule is None for error in errors):
            said = {name: found[place] for name, found in verdicts.items()}
            assert dict.fromkeys(said, not errors) == said, (one, errors)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), groups=item_groups())
def test_server_and_schema_agree(judge, data, groups):
    """On random items, whatever is sent; but for what `server_rules` names, which a schema need not refuse."""
    item = an_item(groups=groups)
    tries = [data.draw(submissions(groups)) for _ in range(3)]
    tries += [{key: value for key, value in one.items() if key in visible_fields(item, one)} for one in tries]
    agree(judge, item, [one for one in tries if not compared_in_another_zone(item, one)])


@pytest.mark.parametrize("kind", sorted(FIELD_TYPES))
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_server_and_schema_agree_on_every_type(judge, kind, data):
    """Random limits, many values: for each type alone, so that none hides behind the others."""
    item = an_item(data.draw(fields_of(kind, "x")))
    agree(judge, item, [{"x": data.draw(VALUES[kind] | JUNK)} for _ in range(10)])


@pytest.mark.parametrize(
    ("rule", "field", "value"),
    [
        ("characters", {"type": "string"}, "a\0"),
        ("characters", {"type": "text"}, "half \ud83d"),
        ("double", {"type": "number"}, float("inf")),
        ("file-content", {"type": "file", "validation": {"max": 4}}, data_url()),
        ("file-content", {"type": "file"}, data_url(name="..")),
        ("file-content", {"type": "file"}, "data:text/plain;name=a.txt;base64,aGk"),
        ("file-content", {"type": "file", "validation": {"content_types": ["image/*"]}}, data_url()),
        ("json-value", {"type": "json", "validation": {"schema": {"type": "object"}}}, "[]"),
        ("json-value", {"type": "json", "validation": {"max": 5}}, [1, 2, 3]),
        ("json-value", {"type": "json"}, "[" * 51 + "]" * 51),
        (
            "other-zone",
            {"type": "datetime", "validation": {"min": "2026-03-15T00:00:00Z"}},
            "2026-03-15T00:30:00+01:00",
        ),
        ("parses", {"type": "json"}, "{"),
        ("parses", {"type": "yaml"}, "a: *b"),
        ("relative-bound", {"type": "date", "validation": {"min": "today"}}, "2026-03-14"),
        ("relative-bound", {"type": "datetime", "validation": {"max": "today"}}, "2026-03-16T00:00:00Z"),
        ("text-length", {"type": "text"}, "a" * 1_048_577),
    ],
    ids=lambda part: repr(part)[:40],
)
def test_only_the_server_refuses_what_a_schema_can_t_say(rule, field, value):
    """Each rule of the server alone is needed: the schema takes the value."""
    item = an_item({"id": "x"} | field)
    assert [rule] == [error.rule for error in check_submission(item, {"x": value}, now=NOW).errors]
    for validator in VALIDATORS:
        schema = item_form(item).schema
        assert validator(schema, format_checker=validator.FORMAT_CHECKER).is_valid({"x": value})
