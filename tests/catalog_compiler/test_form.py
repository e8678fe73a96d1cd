"""The form: JSON Schema and UI schema."""

from __future__ import annotations

import re
from typing import Any

import pytest
from jsonschema import Draft7Validator, Draft202012Validator

from catalog_compiler.form import item_form
from tests.catalog_compiler.forms import an_item

VALIDATORS = (Draft7Validator, Draft202012Validator)
ONLY_ONE_HAS = {
    "$schema",
    "$defs",
    "definitions",
    "dependencies",
    "dependentRequired",
    "prefixItems",
    "unevaluatedProperties",
}
SHOWN = {"id": "a", "type": "boolean"}
ADVANCED = {"field": "a", "operator": "eq", "value": True}


def schema_of(**field: Any) -> Any:
    """The schema of one field."""
    return item_form(an_item({"id": "x"} | field)).schema["properties"]["x"]


def accepts(item: Any, values: Any) -> bool:
    """The verdict of both drafts, which must be one."""
    schema = item_form(item).schema
    verdicts = {validator(schema, format_checker=validator.FORMAT_CHECKER).is_valid(values) for validator in VALIDATORS}
    assert 1 == len(verdicts)
    return verdicts.pop()


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ({"validation": {"min": 3, "max": 9, "pattern": "^a"}}, {"minLength": 3, "maxLength": 9, "pattern": "^a"}),
        ({"required": True}, {"type": "string", "minLength": 1}),
        ({"type": "text", "default": "hello"}, {"type": "string", "default": "hello"}),
        ({"type": "integer", "validation": {"min": 1, "max": 9}}, {"type": "integer", "minimum": 1, "maximum": 9}),
        ({"type": "number", "validation": {"max": 0.5}}, {"type": "number", "maximum": 0.5}),
        ({"type": "boolean"}, {"type": "boolean", "default": False}),
        ({"type": "selection", "validation": {"enum": ["a", "b"]}}, {"type": "string", "enum": ["a", "b"]}),
        ({"type": "selection", "validation": {"enum": [1, 2.5]}}, {"type": "number", "enum": [1, 2.5]}),
        ({"type": "selection", "validation": {"enum": [True, False]}}, {"type": "boolean", "enum": [True, False]}),
        (
            {"type": "multi-selection", "required": True, "validation": {"enum": ["a", "b"], "max": 2}},
            {
                "type": "array",
                "items": {"type": "string", "enum": ["a", "b"]},
                "uniqueItems": True,
                "minItems": 1,
                "maxItems": 2,
            },
        ),
        ({"type": "date"}, {"type": "string", "format": "date"}),
        ({"type": "datetime"}, {"type": "string", "format": "date-time"}),
        ({"type": "email"}, {"type": "string", "format": "email", "maxLength": 254}),
        ({"type": "url"}, {"type": "string", "format": "uri"}),
        ({"type": "password", "validation": {"min": 8}}, {"type": "string", "minLength": 8, "writeOnly": True}),
        ({"type": "file"}, {"type": "string"}),
        ({"type": "yaml"}, {"type": "string"}),
        ({"type": "json", "default": {"a": 1}}, {"default": '{\n  "a": 1\n}'}),
        ({"description": "Which one."}, {"title": "x", "description": "Which one."}),
    ],
)
def test_field_becomes_json_schema(field, expected):
    """Each type, with what its limits mean."""
    schema = schema_of(**field)
    assert expected == {key: schema.get(key) for key in expected}


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ({"type": "text"}, {"ui:widget": "textarea"}),
        ({"type": "password"}, {"ui:widget": "password"}),
        ({"sensitive": True}, {"ui:widget": "password"}),
        ({"type": "boolean"}, {"ui:widget": "checkbox"}),
        ({"type": "date"}, {"ui:widget": "date"}),
        ({"type": "datetime"}, {"ui:widget": "date-time"}),
        ({"type": "file"}, {"ui:widget": "file", "ui:help": "At most 1 MiB."}),
        ({"type": "json"}, {"ui:options": {"field": "StringField", "widget": "TextareaWidget"}}),
        ({"placeholder": "orders"}, {"ui:placeholder": "orders"}),
        ({"validation": {"patterns": [{"pattern": "^a", "message": "Starts with a."}]}}, {"ui:help": "Starts with a."}),
        ({"type": "date", "validation": {"max": "today+30d"}}, {"ui:help": "Not after 30 days after today."}),
        (
            {"type": "selection", "options": [{"value": 1, "label": "One"}, {"value": 2}]},
            {"ui:widget": "radio", "ui:enumNames": ["One", "2"]},
        ),
        ({"type": "selection", "validation": {"enum": list("abcdef")}}, {"ui:widget": "select"}),
        ({"type": "multi-selection", "validation": {"enum": ["a"]}}, {"ui:widget": "checkboxes"}),
    ],
)
def test_field_gets_its_look(field, expected):
    """Widgets by the names that react-jsonschema-form registers."""
    ui = item_form(an_item({"id": "x"} | field)).ui_schema["x"]
    assert expected == {key: ui.get(key) for key in expected}


def test_secret_default_is_not_shown():
    """The schema is for everyone who may see the item."""
    assert "default" not in schema_of(type="password", default="hunter2hunter2")


def test_groups_and_fields_come_in_their_order():
    """By `order`, not by place in the file; conditional fields included."""
    groups = [
        {
            "id": "late",
            "name": "Late",
            "order": 2,
            "collapsible": True,
            "fields": [{"id": "c", "name": "C", "type": "text", "order": 1}],
        },
        {
            "id": "early",
            "name": "Early",
            "order": 1,
            "description": "First.",
            "fields": [
                {"id": "b", "name": "B", "type": "text", "order": 2, "conditional": ADVANCED},
                {"id": "a", "name": "A", "type": "boolean", "order": 1},
            ],
        },
    ]
    ui = item_form(an_item(groups=groups)).ui_schema
    assert ["a", "b", "c", "*"] == ui["ui:order"]
    assert [
        {"id": "early", "title": "Early", "description": "First.", "collapsible": False, "fields": ["a", "b"]},
        {"id": "late", "title": "Late", "description": None, "collapsible": True, "fields": ["c"]},
    ] == ui["ui:groups"]


def test_form_props_drop_the_values_of_hidden_fields():
    """The names are react-jsonschema-form's."""
    assert {"omitExtraData": True, "liveOmit": True} == item_form(an_item(SHOWN)).form_props


def test_conditional_field_stands_in_then_alone():
    """Form libraries show what the resolved schema declares, so a field in `properties` would always be there."""
    schema = item_form(an_item(SHOWN, {"id": "b", "conditional": ADVANCED})).schema
    assert ["a"] == list(schema["properties"])
    assert ["b"] == list(schema["allOf"][0]["then"]["properties"])


def test_fields_of_one_condition_share_it():
    """One `if` for all of them."""
    schema = item_form(
        an_item(SHOWN, {"id": "b", "conditional": ADVANCED}, {"id": "c", "conditional": ADVANCED})
    ).schema
    assert [["b", "c"]] == [list(part["then"]["properties"]) for part in schema["allOf"]]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, True),
        ({"a": False}, True),
        ({"a": False, "b": "x"}, False),
        ({"b": "x"}, False),
        ({"a": True}, False),
        ({"a": True, "b": ""}, False),
        ({"a": True, "b": "x"}, True),
        ({"a": True, "b": "x", "c": 1}, False),
    ],
)
def test_conditional_field_is_required_where_visible_and_refused_where_hidden(values, expected):
    """And a key that is no field is refused although conditional fields are not in `properties`."""
    item = an_item(SHOWN, {"id": "b", "required": True, "conditional": ADVANCED})
    assert expected == accepts(item, values)


@pytest.mark.parametrize(
    ("values", "expected"),
    [({"c": "x"}, True), ({"b": "off", "c": "x"}, False), ({"a": False, "c": "x"}, False), ({"a": False}, True)],
)
def test_default_counts_where_visible_only(values, expected):
    """`c` is shown by the default of `b`, while `a` shows `b`."""
    item = an_item(
        {"id": "a", "type": "boolean", "default": True},
        {"id": "b", "default": "on", "conditional": ADVANCED},
        {"id": "c", "conditional": {"field": "b", "operator": "eq", "value": "on"}},
    )
    assert expected == accepts(item, values)


def test_values_left_over_in_a_form_show_nothing():
    """A form that still holds `b` after hiding it must not show `c`: all that is hidden goes in one step."""
    item = an_item(
        SHOWN,
        {"id": "b", "conditional": ADVANCED},
        {"id": "c", "conditional": {"field": "b", "operator": "eq", "value": "on"}},
    )
    condition = item_form(item).schema["allOf"][1]["if"]
    assert not Draft7Validator(condition).is_valid({"a": False, "b": "on"})


def test_repeated_values_of_a_condition_stand_once():
    """Validators refuse an `enum` with repetitions."""
    item = an_item({"id": "a"}, {"id": "b", "conditional": {"field": "a", "operator": "in", "value": ["x", "x"]}})
    assert {"enum": ["x"]} == item_form(item).schema["allOf"][0]["if"]["properties"]["a"]


@pytest.mark.parametrize(
    ("limits", "value", "expected"),
    [
        ({"min": "2026-03-15"}, "2026-03-14", False),
        ({"min": "2026-03-15"}, "2026-03-15", True),
        ({"min": "2026-03-15"}, "2027-01-01", True),
        ({"max": "2026-03-15"}, "2026-03-16", False),
        ({"max": "2026-03-15"}, "2025-12-31", True),
        ({"min": "2026-03-15", "max": "2026-03-15"}, "2026-03-15", True),
    ],
)
def test_fixed_dates_limit_in_the_browser_too(limits, value, expected):
    """As patterns, since JSON Schema has no "not before"."""
    assert expected == accepts(an_item({"id": "x", "type": "date", "validation": limits}), {"x": value})


def _subschemas(schema: Any) -> Any:
    yield schema
    for key, part in schema.items():
        if key == "properties":
            for inner in part.values():
                yield from _subschemas(inner)
        elif key in {"allOf", "anyOf"}:
            for inner in part:
                yield from _subschemas(inner)
        elif key in {"if", "then", "else", "not", "items", "contains", "propertyNames"}:
            yield from _subschemas(part)


def test_schema_is_strict_and_belongs_to_both_drafts():
    """No keyword that only one draft has; `type` beside `required` and `properties`, as ajv's strict mode wants."""
    item = an_item(
        SHOWN,
        {"id": "b", "type": "multi-selection", "validation": {"enum": ["a", 1], "min": 2}, "conditional": ADVANCED},
        {"id": "c", "type": "datetime", "validation": {"min": "2026-01-01"}},
        {"id": "d", "type": "json", "conditional": {"field": "b", "operator": "not_in", "value": ["a"]}},
        {"id": "e", "type": "file", "conditional": {"field": "c", "operator": "gt", "value": "2026-01-01T00:00:00Z"}},
    )
    schema = item_form(item).schema
    for validator in VALIDATORS:
        validator.check_schema(schema)
    for part in _subschemas(schema):
        assert not ONLY_ONE_HAS & part.keys()
        if {"required", "properties"} & part.keys():
            assert "object" == part["type"]
        assert set(part.get("required", ())) <= set(part.get("properties", ()))
        assert not isinstance(part.get("type"), list)
        assert "pattern" not in part or re.compile(part["pattern"])
