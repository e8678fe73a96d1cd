"""Random items and submissions: every field type with every limit it takes, conditions of every operator, groups."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from catalog_compiler.conditions import check_conditions
from catalog_compiler.field_types import check_definition
from tests.catalog_compiler.forms import an_item

Fields = list[dict[str, Any]]


def _joined(*tokens: str, size: int = 8) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(tokens), max_size=size).map("".join)


WORDS = st.text("abcäß01 -_/@.:\n\u2028\U0001f600\0", max_size=6)
CHOICES = ["a", "b", "", 1, 2.5, True]
TEXT_CHOICES = ["a", "ab", ""]
NUMBER_CHOICES = [0, 1, 3, 5]
DATES = [
    *("2025-12-31", "2026-01-01", "2026-03-14", "2026-03-15", "2026-03-16", "2026-11-09", "0001-01-01", "9999-12-31"),
    *("0000-01-01", "2026-02-30", "2024-02-29", "2026-1-1", "20260101", "2026-W01-1", "today", ""),
]
TIMES = [
    *("2026-01-01T00:00:00Z", "2026-03-14T23:59:59.999Z", "2026-03-15T12:00:00.000Z", "2026-03-15T12:00:00.5Z"),
    *("2026-03-15T12:00:00+00:00", "2026-03-15T12:00:00-00:00", "2026-03-15T12:30:00+01:00", "2027-01-01T00:00:00Z"),
    *("2026-03-15T23:59:59.999999999Z", "2016-12-31T23:59:60Z", "2026-03-15T24:00:00Z", "2026-02-30T00:00:00Z"),
    *("0999-01-01T00:00:00Z", "2026-03-15t12:00:00z", "2026-03-15 12:00:00Z", "2026-03-15T12:00Z", "2026-03-15", ""),
    *("2026-03-15T12:00:00+24:00", "1000-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"),
]
EMAILS = st.sampled_from(["a@b.co", "A.b+c@d-e.org", f"{'a' * 240}@example.com", f"a@{'b' * 64}.com"]) | _joined(
    "a", "B", "1", ".", "@", "-", "+", "b.co", " ", "ä", '"', "_"
)
URLS = st.sampled_from(
    [
        "http://a",
        "https://a.b/c?d=e#f",
        "ssh://git@a/b",
        "s3://b/k",
        "http://[::1]:80/",
        "https://a.b:99999",
        "mailto:a",
    ]
) | _joined("http", "https://", "ssh:", "//", "a", ".", ":", "8", "/", "?", "#", "%2F", "%2", "[", "]", "::1", "@", "é")
FILES = st.sampled_from(
    [
        "data:text/plain;name=a.txt;base64,aGVsbG8=",
        "data:image/png;name=a%20b.png;base64,aGVsbG8h",
        "data:text/plain;charset=utf-8;name=a.txt;base64,",
        "data:TEXT/plain;name=a.txt;base64,aGk",
        "data:text/plain;name=..;base64,aGk=",
        "data:text/plain;name=a%2Fb;base64,aGk=",
        "data:text/plain;base64,aGk=",
        "data:;name=a.txt;base64,aGk=",
        "data:text/plain;name=a.txt,hi",
        "data:text/plain;name=a.txt;base64,a===",
        "data:text/plain;name=a b.txt;base64,aGk=",
        f"data:text/plain;name={'a' * 2040};base64,aGk=",
        "hello",
        "",
    ]
)
JSONS = st.sampled_from(["1", "[]", '{"a": null}', "{", "", "NaN", '"x"', 1, [], {"a": [True]}, {"a": 1}, False, [1]])
YAMLS = st.sampled_from(["a: 1", "- 1\n- on", "a: *b", "a: 1\na: 2", "", "x", ": :", "\t", "a: [1"])
JUNK = st.sampled_from([None, 0, -1, 3, 2.5, True, False, "", "a", "ab\n", [], ["a"], [1, 1.0], {}, {"a": 1}])

VALUES: dict[str, st.SearchStrategy[Any]] = {
    **dict.fromkeys(["string", "text", "password"], WORDS | st.sampled_from(TEXT_CHOICES)),
    "integer": st.integers(-3, 8) | st.sampled_from([3.0, 2**53, -(2**53), 10**30]),
    "number": st.floats(-3, 8) | st.integers(-3, 8) | st.sampled_from([1e308, -(10**30)]),
    "boolean": st.booleans(),
    "selection": st.sampled_from([*CHOICES, 1.0, False]),
    "multi-selection": st.lists(st.sampled_from([*CHOICES, 1.0]), max_size=4),
    "date": st.sampled_from(DATES),
    "datetime": st.sampled_from(TIMES),
    "email": EMAILS,
    "url": URLS,
    "file": FILES,
    "json": JSONS,
    "yaml": YAMLS,
}

_BOUNDS = st.fixed_dictionaries({}, optional={"min": st.integers(0, 2), "max": st.integers(0, 5)})
_PATTERNS = st.sampled_from(
    [
        {},
        {"pattern": "^[a-c]"},
        {"pattern": "^.$"},
        {"pattern": r"\s"},
        {"patterns": ["a", "0"]},
        {"patterns": [{"pattern": r"^\p{L}+$", "message": "Letters."}, {"pattern": "b"}]},
    ]
)
_LIMITED_TEXT = st.builds(dict.__or__, _BOUNDS, _PATTERNS)
_LONG = _BOUNDS.map(lambda bounds: {key: value * 6 for key, value in bounds.items()})
_DATE_BOUNDS = st.sampled_from(["2026-01-01", "2026-03-15", "today", "today-1d", "today+30d"])
_TIME_BOUNDS = st.sampled_from(["2026-03-15", "2026-03-15T12:00:00Z", "2026-03-15T12:00:00+01:00", "today", "today+1d"])
_SCHEMAS = st.sampled_from([{"type": "object"}, {"type": ["array", "string"]}, {"pattern": "x"}, True])


def _options(choices: list[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Keys of a field that name its choices."""
    return st.sampled_from(
        [
            {"validation": {"enum": choices}},
            {"options": [{"value": choice} for choice in choices]},
            {"options": [{"value": choice, "label": "L", "description": "D"} for choice in choices]},
        ]
    )


def _limits(strategy: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return strategy.map(lambda validation: {"validation": validation})


def _merged(left: dict[str, Any], right: dict[str, Any]) -> dict[str, Any]:
    return left | right | {"validation": left.get("validation", {}) | right.get("validation", {})}


DEFINITIONS: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "string": _limits(_LIMITED_TEXT) | _options(TEXT_CHOICES),
    **dict.fromkeys(["text", "password"], _limits(_LIMITED_TEXT)),
    **dict.fromkeys(
        ["integer", "number"], _limits(_BOUNDS) | st.builds(_merged, _limits(_BOUNDS), _options([0, 1, 3]))
    ),
    "boolean": st.just({}),
    "selection": _options(CHOICES) | _options(["a", "b"]) | _options([1, 2.5]) | _options([True, False]),
    "multi-selection": st.builds(_merged, _limits(_BOUNDS), _options(CHOICES) | _options(["a", "b"])),
    "date": _limits(st.fixed_dictionaries({}, optional={"min": _DATE_BOUNDS, "max": _DATE_BOUNDS})),
    "datetime": _limits(st.fixed_dictionaries({}, optional={"min": _TIME_BOUNDS, "max": _TIME_BOUNDS})),
    "email": _limits(_LONG),
    "url": _limits(
        st.builds(
            dict.__or__,
            _LONG,
            st.sampled_from([{}, {"schemes": ["https", "ssh"]}, {"schemes": ["s3", "mailto", "a+b"]}]),
        )
    ),
    "file": _limits(
        st.builds(
            dict.__or__, _BOUNDS, st.sampled_from([{}, {"content_types": ["image/*", "text/plain"]}, {"max": 5000}])
        )
    ),
    "json": _limits(st.builds(dict.__or__, _BOUNDS, st.fixed_dictionaries({}, optional={"schema": _SCHEMAS}))),
    "yaml": _limits(_BOUNDS),
}
_CHOICES_OF = {key: {"enum": CHOICES} for key in ["selection", "multi-selection"]}
OPERATORS = ["eq", "ne", "in", "not_in", "gt", "lt", "gte", "lte"]


@st.composite
def conditions(draw: Any, fields: Fields, depth: int = 2) -> Any:
    """A condition on one of the fields, or some in each other."""
    form = draw(st.sampled_from(["leaf", "leaf", "all", "any", "not"])) if depth else "leaf"
    if form == "not":
        return {"not": draw(conditions(fields, depth - 1))}
    if form != "leaf":
        return {form: draw(st.lists(conditions(fields, depth - 1), min_size=1, max_size=2))}
    field, operator = draw(st.sampled_from(fields)), draw(st.sampled_from(OPERATORS))
    value = draw(VALUES[field["type"]])
    if operator in {"in", "not_in"}:
        value = value if field["type"] == "multi-selection" else [value, draw(VALUES[field["type"]])]
    return {"field": field["id"], "operator": operator, "value": value}


def _is_fine(fields: Fields) -> bool:
    item = an_item(*fields)
    return not any(any(check_definition(field)) for field in item.fields) and not any(check_conditions(item))


@st.composite
def fields_of(draw: Any, kind: str, field_id: str) -> dict[str, Any]:
    """A valid field of a type."""
    field = {"id": field_id, "type": kind, "required": draw(st.booleans())} | draw(DEFINITIONS[kind])
    return field if _is_fine([field]) else field | {"required": False, "validation": _CHOICES_OF.get(kind, {})}


@st.composite
def _fields(draw: Any) -> Fields:
    """Valid fields; what a draw makes invalid (limits, a default, a condition) is left out again."""
    fields: Fields = []
    for place in range(draw(st.integers(1, 5))):
        kind = draw(st.sampled_from(sorted(VALUES)))
        field = {"id": f"f{place}", "type": kind} | draw(DEFINITIONS[kind])
        tries: list[tuple[str, Any]] = [
            ("required", draw(st.sampled_from([False, False, True]))),
            ("sensitive", draw(st.sampled_from([False, False, True]))),
        ]
        tries += [("default", draw(VALUES[kind]))] if draw(st.booleans()) else []
        tries += [("conditional", draw(conditions(fields))) for _ in range(3) if fields]
        for key, value in tries:
            if key not in field and _is_fine([*fields, field | {key: value}]):
                field[key] = value
        if _is_fine([*fields, field]):
            fields.append(field)
    return fields or [{"id": "f0", "type": "string"}]


@st.composite
def item_groups(draw: Any) -> list[dict[str, Any]]:
    """The groups of a valid item, in any order, its fields spread over them."""
    fields = draw(_fields())
    cut = draw(st.integers(1, len(fields)))
    parts = [part for part in (fields[:cut], fields[cut:]) if part]
    orders = draw(st.permutations(range(1, len(parts) + 1)))
    return [
        {
            "id": f"g{order}",
            "name": "Group",
            "order": order,
            "fields": [{"name": field["id"], "order": len(part) - place, **field} for place, field in enumerate(part)],
        }
        for order, part in zip(orders, parts, strict=True)
    ]


@st.composite
def submissions(draw: Any, groups: list[dict[str, Any]]) -> dict[str, Any]:
    """Values for some of the fields, mostly of their types; sometimes one for a field that is not there."""
    fields = [field for group in groups for field in group["fields"]]
    chosen = draw(st.sets(st.sampled_from([field["id"] for field in fields])))
    submitted = {
        field["id"]: draw(VALUES[field["type"]] | VALUES[field["type"]] | JUNK)
        for field in fields
        if field["id"] in chosen
    }
    return submitted | ({"stranger": 1} if draw(st.integers(0, 9)) == 0 else {})
