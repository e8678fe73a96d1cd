"""Forms in a browser, by react-jsonschema-form as it comes: its stock validator, our three props, nothing else."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from catalog_compiler.form import item_form
from catalog_compiler.submission import check_submission
from tests.browser.every_type import GIVEN, TYPED, every_type
from tests.catalog_compiler.forms import an_item

NOW = datetime(2026, 3, 15, 12, 0, tzinfo=UTC)
ADVANCED = {"field": "a", "operator": "eq", "value": True}


def test_every_type_is_filled_and_the_server_takes_what_the_form_gives(browser):
    """Each type, shown always and under a condition of each operator."""
    item = every_type()
    _, submitted = browser.use(item_form(item), {"fill": TYPED}, {"submit": True})

    assert {"data": GIVEN, "errors": {}} == submitted
    assert () == check_submission(item, submitted["data"], now=NOW).errors


def test_every_field_shows_its_name(browser):
    """As its label, with a star where a value must be given; a boolean's stands beside its box."""
    item = every_type()
    _, labels = browser.use(item_form(item), {"fill": TYPED}, {"label": True})
    fields = [field for field in item.fields if field.type != "boolean"]

    assert {field.id: field.name + "*" * field.required for field in fields} == labels


def test_defaults_show(browser):
    """As they are sent where nobody changes them; a secret one does not, and an empty field is not sent."""
    item = every_type()
    shown, submitted = browser.use(
        item_form(item),
        {"look": True},
        {"fill": {name: TYPED[name] for name in ("a_string", "a_selection", "a_date")}, "submit": True}
        | {"fill": {"a_string": "orders", "a_selection": "One", "a_date": "2026-01-01", "an_integer": 1}},
    )

    assert "Two words." == shown["a_text"]
    assert "0.5" == shown["a_number"]
    assert ["red", "green"] == shown["a_multi_selection"]
    assert '{\n  "zones": [\n    "a",\n    "b"\n  ]\n}' == shown["a_json"]
    assert "" == shown["a_string"]
    assert {
        *("a_string", "a_text", "an_integer", "a_number", "a_boolean", "a_selection", "a_multi_selection", "a_date"),
        *("a_json", "its_date", "its_url"),
    } == submitted["data"].keys()
    assert () == check_submission(item, submitted["data"], now=NOW).errors


def test_a_field_comes_and_goes_with_its_condition(browser):
    """With its default; its value is forgotten where it is hidden, and so is what depended on it."""
    form = item_form(
        an_item(
            {"id": "a", "type": "boolean"},
            {"id": "b", "default": "on", "conditional": ADVANCED},
            {"id": "c", "required": True, "conditional": {"field": "b", "operator": "eq", "value": "on"}},
        )
    )
    before, shown, hidden, submitted, again = browser.use(
        form,
        {"look": True},
        {"fill": {"a": True, "c": "x"}, "look": True},
        {"fill": {"a": False}, "look": True},
        {"submit": True},
        {"fill": {"a": True}, "look": True},
    )

    assert {"a": False} == before
    assert {"a": True, "b": "on", "c": "x"} == shown
    assert {"a": False} == hidden
    assert {"data": {"a": False}, "errors": {}} == submitted
    assert {"a": True, "b": "on", "c": ""} == again


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ({"type": "string", "validation": {"pattern": "^[a-z]+$"}}, "ABC"),
        ({"type": "string", "required": True}, ""),
        ({"type": "text", "validation": {"max": 3}}, "abcd"),
        ({"type": "integer", "validation": {"max": 9}}, 10),
        ({"type": "integer"}, 1.5),
        ({"type": "number", "validation": {"min": 0.5}}, 0.4),
        ({"type": "multi-selection", "validation": {"enum": ["a", "b", "c"], "min": 2}}, ["a"]),
        ({"type": "date", "validation": {"min": "2026-01-01"}}, "2025-12-31"),
        ({"type": "datetime", "validation": {"max": "2026-01-01"}}, "2026-01-02T01:00"),
        ({"type": "email"}, "a@localhost"),
        ({"type": "url"}, "ftp://example.com"),
        ({"type": "password", "validation": {"min": 8}}, "short"),
        ({"type": "file", "validation": {"max": 3}}, {"name": "a.txt", "type": "text/plain", "text": "x" * 4_000}),
        ({"type": "json", "validation": {"max": 3}}, "[1, 2]"),
        ({"type": "yaml", "validation": {"min": 3}}, "a"),
    ],
    ids=lambda part: part.get("type") if isinstance(part, dict) else "",
)
def test_a_wrong_value_is_told_at_its_field(browser, field: dict[str, Any], typed: Any):
    """Before anything is sent."""
    form = item_form(an_item({"id": "x"} | field))
    (submitted,) = browser.use(form, {"fill": {"x": typed}, "submit": True})

    assert submitted["data"] is None
    assert ["x"] == list(submitted["errors"])
    assert submitted["errors"]["x"]


def test_choices_show_their_words(browser):
    """The labels of options, of a few side by side and of many in a list; what is sent is the value."""
    options = [{"value": value, "label": f"Number {value}"} for value in range(9)]
    form = item_form(
        an_item(
            {"id": "few", "type": "selection", "options": options[:3]},
            {"id": "many", "type": "selection", "options": options},
        )
    )
    shown, submitted = browser.use(
        form, {"fill": {"few": "Number 2", "many": "Number 7"}, "look": True}, {"submit": True}
    )

    assert {"few": ["Number 2"], "many": ["Number 7"]} == shown
    assert {"few": 2, "many": 7} == submitted["data"]
