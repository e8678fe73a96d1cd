"""What a field's definition may say."""

from __future__ import annotations

from typing import get_args

import pytest

from catalog_compiler.field_types import FIELD_TYPES, check_definition
from catalog_compiler.model import FieldTypeName
from catalog_compiler.problems import pointer
from tests.catalog_compiler.forms import a_field

SECRET = "hunter2"


def test_every_type_of_the_format_is_registered():
    """The registry and the model name the same types."""
    assert set(get_args(FieldTypeName)) == set(FIELD_TYPES)


@pytest.mark.parametrize(
    "field",
    [
        a_field("string", validation={"min": 1, "max": 64, "pattern": "^[a-z]+$"}, default="abc"),
        a_field("string", validation={"enum": ["a", "b"]}, default="a"),
        a_field("string", validation={"patterns": ["a", {"pattern": "b", "message": "Has a b."}]}),
        a_field("text", validation={"min": 10, "max": 10}, default="ten\nlines."),
        a_field("integer", validation={"min": -5, "max": 5}, default=0),
        a_field("number", validation={"min": 0, "max": 1.5}, default=1),
        a_field("boolean", default=False, required=True),
        a_field("selection", validation={"enum": ["a", 1, True]}, default=1),
        a_field("selection", options=[{"value": "a", "label": "A"}], default="a"),
        a_field("multi-selection", validation={"enum": ["a", "b"], "min": 1, "max": 2}, default=["b"]),
        a_field("date", validation={"min": "today", "max": "today+30d"}, default="2020-01-01"),
        a_field("date", validation={"min": "2026-01-01", "max": "today"}),
        a_field("datetime", validation={"min": "2026-01-01T00:00:00+01:00", "max": "2026-01-01T00:00:00Z"}),
        a_field("datetime", validation={"min": "2026-01-01", "max": "2026-01-01"}, default="2026-01-01T23:59:59.5Z"),
        a_field("email", default="a@example.com"),
        a_field("url", validation={"schemes": ["ssh", "https"]}, default="ssh://git@example.com/x"),
        a_field("password", validation={"min": 12, "pattern": "[0-9]"}),
        a_field("file", validation={"max": 5_000_000, "content_types": ["text/plain", "image/*"]}),
        a_field("json", validation={"schema": {"type": "object"}}, default={"a": 1}),
        a_field("json", default='{"a": 1}'),
        a_field("yaml", default="a: 1"),
    ],
    ids=lambda field: field.type,
)
def test_good_definition_has_no_flaw(field):
    """What each type allows; limits relative to today do not judge a default, which must hold on any day."""
    assert [] == list(check_definition(field))


@pytest.mark.parametrize(
    ("field", "code", "place"),
    [
        (a_field("string", validation={"min": 65, "max": 64}), "invalid-range", "/validation/min"),
        (a_field("string", validation={"min": -1}), "invalid-range", "/validation/min"),
        (a_field("string", validation={"max": 1.5}), "invalid-range", "/validation/max"),
        (a_field("string", validation={"max": "64"}), "invalid-range", "/validation/max"),
        (a_field("text", validation={"max": 0}, required=True), "invalid-range", "/validation/max"),
        (a_field("integer", validation={"min": 1.5}), "invalid-range", "/validation/min"),
        (a_field("integer", validation={"max": 2**53}), "invalid-range", "/validation/max"),
        (a_field("number", validation={"max": float("inf")}), "invalid-range", "/validation/max"),
        (a_field("boolean", validation={"min": 0}), "invalid-range", "/validation/min"),
        (a_field("selection", validation={"enum": ["a"], "max": 1}), "invalid-range", "/validation/max"),
        (a_field("multi-selection", validation={"enum": ["a"], "min": 2}), "invalid-range", "/validation/min"),
        (a_field("date", validation={"min": "2026-02-30"}), "invalid-range", "/validation/min"),
        (a_field("date", validation={"min": "tomorrow"}), "invalid-range", "/validation/min"),
        (a_field("date", validation={"min": 20260101}), "invalid-range", "/validation/min"),
        (a_field("date", validation={"min": "today+2d", "max": "today+1d"}), "invalid-range", "/validation/min"),
        (a_field("date", validation={"min": "2026-02-02", "max": "2026-02-01"}), "invalid-range", "/validation/min"),
        (a_field("datetime", validation={"min": "2026-02-02T00:00:00"}), "invalid-range", "/validation/min"),
        (a_field("string", validation={"pattern": "("}), "invalid-pattern", "/validation/pattern"),
        (a_field("string", validation={"pattern": "(?=a)"}), "invalid-pattern", "/validation/pattern"),
        (a_field("string", validation={"patterns": ["a", "("]}), "invalid-pattern", "/validation/patterns/1"),
        (
            a_field("text", validation={"patterns": [{"pattern": "("}]}),
            "invalid-pattern",
            "/validation/patterns/0/pattern",
        ),
        (a_field("integer", validation={"pattern": "a"}), "invalid-pattern", "/validation/pattern"),
        (a_field("selection"), "missing-enum", "/validation"),
        (a_field("multi-selection", validation={"enum": []}), "missing-enum", "/validation"),
        (a_field("selection", validation={"enum": ["a", "a"]}), "invalid-value", "/validation/enum/1"),
        (a_field("selection", validation={"enum": [1, 1.0]}), "invalid-value", "/validation/enum/1"),
        (a_field("selection", options=[{"value": float("nan")}]), "invalid-value", "/options/0/value"),
        (a_field("selection", options=[{"value": 1}], validation={"enum": [1]}), "invalid-value", "/options"),
        (a_field("string", validation={"enum": ["a", 1]}), "invalid-value", "/validation/enum/1"),
        (a_field("boolean", options=[{"value": True}]), "invalid-value", "/options"),
        (a_field("text", validation={"schemes": ["ssh"]}), "invalid-value", "/validation/schemes"),
        (a_field("url", validation={"schemes": ["SSH:"]}), "invalid-value", "/validation/schemes/0"),
        (a_field("file", validation={"content_types": ["text"]}), "invalid-value", "/validation/content_types/0"),
        (a_field("json", validation={"schema": {"type": "thing"}}), "invalid-value", "/validation/schema"),
        (a_field("json", validation={"schema": {"pattern": "(?=a)"}}), "invalid-value", "/validation/schema"),
        (a_field("json", validation={"schema": {"$ref": "#"}}), "invalid-value", "/validation/schema"),
        (a_field("json", validation={"schema": {"$ref": "http://a/b"}}), "invalid-value", "/validation/schema"),
        (a_field("yaml", validation={"schema": {}}), "invalid-value", "/validation/schema"),
        (a_field("string", default=5), "invalid-default", "/default"),
        (a_field("string", default="", required=True), "invalid-default", "/default"),
        (a_field("integer", default=True), "invalid-default", "/default"),
        (a_field("integer", default=9, validation={"max": 8}), "invalid-default", "/default"),
        (a_field("selection", default="c", validation={"enum": ["a"]}), "invalid-default", "/default"),
        (a_field("multi-selection", default=["a", "a"], validation={"enum": ["a"]}), "invalid-default", "/default"),
        (a_field("date", default="2026-02-30"), "invalid-default", "/default"),
        (a_field("json", default="{"), "invalid-default", "/default"),
        (a_field("yaml", default="a: *b"), "invalid-default", "/default"),
    ],
)
def test_flaw_is_reported_at_its_place(field, code, place):
    """One flaw, one finding, with the path inside the field."""
    assert [(code, place)] == [(found, pointer(path)) for path, found, _, _ in check_definition(field)]


def test_message_says_what_to_do():
    """What is wrong, with the values, and the way out."""
    ((_, _, message, _),) = check_definition(a_field("integer", validation={"min": 65, "max": 64}))
    assert message == "min 65 is greater than max 64; swap them or raise max"


def test_refused_lookahead_names_the_way_out():
    """The hint names `validation.patterns`."""
    ((_, _, _, hint),) = check_definition(a_field("password", validation={"pattern": "^(?=.*[0-9]).{8,}$"}))
    assert hint is not None
    assert "validation.patterns" in hint


def test_bad_secret_default_is_not_repeated():
    """A default of a password is a secret like any other."""
    ((_, _, message, _),) = check_definition(a_field("password", default=SECRET, validation={"min": 12}))
    assert SECRET not in message
