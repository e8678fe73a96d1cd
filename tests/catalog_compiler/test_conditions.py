"""What conditions mean, and which can't be."""

from __future__ import annotations

import pytest

from catalog_compiler.conditions import check_conditions, holds, referenced_fields, visible_fields
from catalog_compiler.model import Condition
from catalog_compiler.problems import pointer
from tests.catalog_compiler.forms import an_item


def comparison(operator, value, field="x"):
    return {"field": field, "operator": operator, "value": value}


@pytest.mark.parametrize(
    ("kind", "value", "operator", "operand", "expected"),
    [
        ("string", "a", "eq", "a", True),
        ("string", "a", "ne", "a", False),
        ("string", "a", "in", ["a", "b"], True),
        ("string", "c", "not_in", ["a", "b"], True),
        ("boolean", True, "eq", True, True),
        ("boolean", True, "eq", 1, False),
        ("integer", 3, "eq", 3.0, True),
        ("integer", 3, "gt", 2, True),
        ("integer", 3, "gt", 3, False),
        ("integer", 3, "gte", 3, True),
        ("integer", 3, "lt", 3, False),
        ("number", 2.5, "lte", 2.5, True),
        ("selection", 1, "eq", True, False),
        ("multi-selection", ["a", "b"], "in", ["b", "c"], True),
        ("multi-selection", ["a"], "in", ["b", "c"], False),
        ("multi-selection", ["a"], "not_in", ["b", "c"], True),
        ("multi-selection", ["a", "b"], "eq", ["b", "a"], True),
        ("multi-selection", ["a"], "ne", ["b", "a"], True),
        ("date", "2026-03-01", "gt", "2026-02-28", True),
        ("date", "2026-02-28", "lt", "2026-03-01", True),
        ("datetime", "2026-03-01T10:00:00+02:00", "eq", "2026-03-01T08:00:00Z", True),
        ("datetime", "2026-03-01T10:00:00+02:00", "lt", "2026-03-01T09:00:00Z", True),
        ("datetime", "2026-03-01T08:00:00.5Z", "gt", "2026-03-01T08:00:00Z", True),
    ],
)
def test_comparison(kind, value, operator, operand, expected):
    """Each operator, by the meaning that the field's type gives it."""
    condition = Condition.model_validate(comparison(operator, operand))
    assert expected == holds(condition, {"x": value}, {"x": kind})


@pytest.mark.parametrize("values", [{}, {"x": ""}, {"x": []}])
@pytest.mark.parametrize(
    ("operator", "expected"),
    [
        ("eq", False),
        ("ne", True),
        ("gt", False),
        ("lt", False),
        ("gte", False),
        ("lte", False),
        ("in", False),
        ("not_in", True),
    ],
)
def test_empty_field_satisfies_only_ne_and_not_in(values, operator, expected):
    """A field that is absent, hidden, or holds an empty text or selection."""
    condition = Condition.model_validate(comparison(operator, [1] if operator in {"in", "not_in"} else 1))
    assert expected == holds(condition, values, {"x": "integer"})


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"all": [comparison("eq", "a"), comparison("ne", "b")]}, True),
        ({"all": [comparison("eq", "a"), comparison("eq", "b")]}, False),
        ({"any": [comparison("eq", "b"), comparison("eq", "a")]}, True),
        ({"not": comparison("eq", "a")}, False),
        ({"not": {"any": [comparison("eq", "b"), {"not": comparison("eq", "a")}]}}, True),
    ],
)
def test_combinations(condition, expected):
    """`all`, `any` and `not`, in each other."""
    assert expected == holds(Condition.model_validate(condition), {"x": "a"}, {"x": "string"})


def test_referenced_fields_come_with_their_places():
    """The place is that of the name, counted from the condition."""
    condition = Condition.model_validate({"any": [comparison("eq", 1, "a"), {"not": comparison("eq", 1, "b")}]})
    assert ((("any", 0, "field"), "a"), (("any", 1, "not", "field"), "b")) == referenced_fields(condition)


def test_absent_field_counts_as_its_default_and_hidden_one_as_empty():
    """`b` has a default that shows `c`; hiding `b` takes its default away, and `c` with it."""
    item = an_item(
        {"id": "a", "type": "boolean"},
        {"id": "b", "default": "deep", "conditional": comparison("eq", True, "a")},
        {"id": "c", "conditional": comparison("eq", "deep", "b")},
    )
    assert {"a": True, "b": "deep", "c": None} == visible_fields(item, {"a": True})
    assert {"a": False} == visible_fields(item, {})


def test_long_chains_are_no_problem_to_evaluate():
    """A thousand fields, each shown by the one before."""
    chain = [{"id": f"f{n}", "conditional": comparison("eq", "on", f"f{n - 1}")} for n in range(1, 1000)]
    item = an_item({"id": "f0"}, *chain)
    assert 2 == len(visible_fields(item, {"f0": "on"}))


FIELDS = (
    {"id": "text"},
    {"id": "size", "type": "integer", "validation": {"min": 1, "max": 10}},
    {"id": "tier", "type": "selection", "validation": {"enum": ["gold", "silver"]}},
    {"id": "parts", "type": "multi-selection", "validation": {"enum": ["a", "b"]}},
    {"id": "day", "type": "date"},
    {"id": "moment", "type": "datetime"},
    {"id": "secret", "type": "password"},
    {"id": "data", "type": "json"},
)


@pytest.mark.parametrize(
    ("condition", "code", "place"),
    [
        (comparison("eq", "a", "txt"), "unknown-condition-field", "/field"),
        (comparison("gt", "a", "text"), "invalid-condition", "/operator"),
        (comparison("gt", 1, "tier"), "invalid-condition", "/operator"),
        (comparison("eq", "a", "secret"), "invalid-condition", "/operator"),
        (comparison("eq", {}, "data"), "invalid-condition", "/operator"),
        (comparison("eq", "bronze", "tier"), "invalid-condition", "/value"),
        (comparison("in", ["gold", "bronze"], "tier"), "invalid-condition", "/value/1"),
        (comparison("in", "gold", "tier"), "invalid-condition", "/value"),
        (comparison("in", [], "tier"), "invalid-condition", "/value"),
        (comparison("in", ["c"], "parts"), "invalid-condition", "/value/0"),
        (comparison("eq", "a", "parts"), "invalid-condition", "/value"),
        (comparison("eq", "three", "size"), "invalid-condition", "/value"),
        (comparison("eq", 11, "size"), "invalid-condition", "/value"),
        (comparison("gt", "three", "size"), "invalid-condition", "/value"),
        (comparison("gt", "today", "day"), "invalid-condition", "/value"),
        (comparison("eq", "2026-02-30", "day"), "invalid-condition", "/value"),
        (comparison("gt", "2026-02-20T00:00:00", "moment"), "invalid-condition", "/value"),
        (comparison("gt", "2026-02-20T00:00:00.5Z", "moment"), "invalid-condition", "/value"),
        (comparison("eq", "", "text"), "invalid-condition", "/value"),
        (comparison("eq", None, "text"), "invalid-condition", "/value"),
        ({"field": "text", "operator": "eq"}, "invalid-condition", ""),
        ({"field": "text", "value": "a"}, "invalid-condition", ""),
        ({}, "invalid-condition", ""),
        ({"all": []}, "invalid-condition", "/all"),
        (comparison("eq", "a", "text") | {"all": [comparison("eq", "a", "text")]}, "invalid-condition", ""),
        ({"all": [comparison("eq", "a", "text")], "operator": "eq"}, "invalid-condition", ""),
        ({"not": comparison("eq", "a", "txt")}, "unknown-condition-field", "/not/field"),
    ],
)
@pytest.mark.parametrize("owner", ["field", "action"])
def test_impossible_condition_is_reported_at_its_place(owner, condition, code, place):
    """The same rules for a field's `conditional` and an action's `when`."""
    if owner == "field":
        item = an_item(*FIELDS, {"id": "shown", "conditional": condition})
        root = "/presentation/groups/0/fields/8/conditional"
    else:
        item, root = an_item(*FIELDS, when=condition), "/fulfillment/manual/actions/0/when"
    assert (code, root + place) in [(flaw[1], pointer(flaw[0])) for flaw in check_conditions(item)]


@pytest.mark.parametrize(
    "condition",
    [
        comparison("eq", "a", "text"),
        comparison("gt", 0, "size"),
        comparison("in", ["gold"], "tier"),
        comparison("in", ["a", "b"], "parts"),
        comparison("eq", ["a"], "parts"),
        comparison("lt", "2026-02-20", "day"),
        comparison("lte", "2026-02-20T00:00:00+01:00", "moment"),
    ],
)
def test_possible_condition_is_fine(condition):
    """Nothing to report."""
    assert [] == list(check_conditions(an_item(*FIELDS, {"id": "shown", "conditional": condition})))


def test_unknown_field_has_a_hint():
    """The nearest field that there is."""
    item = an_item(*FIELDS, {"id": "shown", "conditional": comparison("eq", "a", "txt")})
    assert ["did you mean 'text'?"] == [hint for _, _, _, hint in check_conditions(item)]


def test_circle_is_reported_with_its_way():
    """Fields that show each other can never be shown."""
    item = an_item(
        {"id": "a", "conditional": comparison("eq", "1", "b")},
        {"id": "b", "conditional": comparison("eq", "1", "a")},
    )
    ((_, code, message, _),) = check_conditions(item)
    assert "condition-cycle" == code
    assert "a -> b -> a" in message or "b -> a -> b" in message


def test_field_that_depends_on_itself_is_a_circle():
    """The shortest one."""
    item = an_item({"id": "a", "conditional": comparison("eq", "1", "a")})
    assert ["condition-cycle"] == [code for _, code, _, _ in check_conditions(item)]


def test_conditions_that_would_blow_up_the_schema_are_refused():
    """Twice the comparisons at each step is 2 to the power of the steps."""
    chain = [
        {
            "id": f"f{n}",
            "conditional": {"all": [comparison("ne", "x", f"f{n - 1}"), comparison("ne", "y", f"f{n - 1}")]},
        }
        for n in range(1, 200)
    ]
    assert ["invalid-condition"] == [code for _, code, _, _ in check_conditions(an_item({"id": "f0"}, *chain))]


def test_condition_on_a_broken_field_is_not_judged():
    """The broken pattern is reported by the field's own check; here nothing fails over it."""
    item = an_item(
        {"id": "a", "validation": {"pattern": "("}},
        {"id": "b", "conditional": comparison("eq", "1", "a")},
    )
    assert [] == list(check_conditions(item))
