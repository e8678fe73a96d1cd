"""Documents: YAML's values by the 1.2 core schema, their places, and what is refused."""

from __future__ import annotations

import pytest

from catalog_compiler.document import (
    Document,
    YamlSubsetError,
    parse_document,
    parse_yaml_value,
    with_values,
)


def document_of(text: str) -> Document:
    parsed = parse_document(text.encode(), "item.yaml")
    assert parsed.problems == ()
    assert parsed.document is not None
    return parsed.document


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("off", "off"),
        ("true", True),
        ("False", False),
        ("~", None),
        ("null", None),
        ("", None),
        ("1.0.0", "1.0.0"),
        ("2024-02-29", "2024-02-29"),
        ("2024-02-29T10:00:00Z", "2024-02-29T10:00:00Z"),
        ("12:30", "12:30"),
        ("1_000", "1_000"),
        ("42", 42),
        ("-7", -7),
        ("010", 10),
        ("0o17", 15),
        ("0x1F", 31),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("1.2.", "1.2."),
        ("'42'", "42"),
        ('"true"', "true"),
        ("9007199254740991", 9007199254740991),
    ],
)
def test_scalars_follow_the_core_schema(written, expected):
    """Plain scalars have the values of YAML 1.2's core schema; quoted ones are text."""
    value = document_of(f"key: {written}").data["key"]

    assert (expected, type(expected)) == (value, type(value))


@pytest.mark.parametrize("number", [".nan", "-.inf", "1e999", "9007199254740992", "9" * 5000, "0x" + "f" * 5000])
def test_numbers_that_json_cannot_carry_are_refused(number):
    """NaN, the infinities and numbers that lose digits are refused, with the advice to quote them."""
    (problem,) = parse_document(f"key: {number}".encode(), "item.yaml").problems

    assert ("yaml-subset", 1, 6) == (problem.code, problem.line, problem.column)
    assert "quote it" in problem.message
    assert len(problem.message) < 200


@pytest.mark.parametrize(
    ("text", "code", "line", "column", "pointer", "words"),
    [
        ("a: &x 1", "yaml-subset", 1, 4, "/a", "anchors (&x)"),
        ("a: 1\nb: *a", "yaml-subset", 2, 4, "/b", "aliases (*a)"),
        ("*a : 1", "yaml-subset", 1, 1, "", "aliases (*a)"),
        ("a:\n- x: 1\n- x: !!str 1", "yaml-subset", 3, 6, "/a/1/x", "tags"),
        ("a: {<<: {a: 1}}", "yaml-subset", 1, 5, "/a/<<", "merge keys"),
        ("1: a", "yaml-subset", 1, 1, "/1", "the key '1' is not text"),
        ("true: {b: !c d}", "yaml-subset", 1, 1, "/true", "the key 'true' is not text"),
        ("? [a]\n: b", "yaml-subset", 1, 3, "", "a key must be text"),
        ("a: 1\nb: 2\na: 3", "duplicate-key", 3, 1, "/a", "'a' is given in line 1 already"),
        ("a: [[], [], .nan]", "yaml-subset", 1, 13, "/a/2", "not a number that JSON has"),
        ("a: 1\n--- \nb: 2", "yaml-subset", 2, 1, "", "one document"),
        ("%YAML 1.1\n---\na: 1", "yaml-subset", 1, 1, "", "directives"),
        ("a: [1, {{fields.x}}]", "yaml-subset", 1, 9, "/a/1", "must be quoted"),
        ("a:\n\tb: 1", "yaml-syntax", 2, 1, "/a", "cannot start any token"),
        ("a/b: [{c: d: e}]", "yaml-syntax", 1, 12, "/a~1b/0", "did not find expected"),
        ("a: [1", "yaml-syntax", 2, 1, "/a/1", "did not find expected"),
    ],
)
def test_what_is_not_of_the_subset_is_refused_at_its_place(text, code, line, column, pointer, words):
    """Each thing outside the JSON-compatible subset is an error where it stands."""
    problem = parse_document(f"{text}\n".encode(), "item.yaml").problems[0]

    assert (code, line, column, pointer) == (problem.code, problem.line, problem.column, problem.pointer)
    assert words in problem.message


@pytest.mark.parametrize(
    ("text", "holes"),
    [
        ("a: *b\nc: [*d]", (("a",), ("c", 0))),
        ("a: {<<: {b: 1}, c: 2}", (("a", "<<"),)),
        ("a: {*b : 1}", (("a", "<<"),)),
        ("a: {1: b}", (("a", "1"),)),
        ("a: 1e999", (("a",),)),
        ("a: {{fields.b}}/{{fields.c | default('}')}}\nd: [{{e}}, 1]", (("a",), ("d", 0))),
        ("a: {b: {{c}}/{{d}}, e: '{{f}}'}", (("a", "b"),)),
        ("a: {{b\nc: 1", ()),
        ("a: *b\nc: [", ()),
        ("a: *b\n---\nc: 1", ()),
        ("a: &b 1", ()),
    ],
)
def test_holes_are_told_where_all_the_rest_is_read(text, holes):
    """So that the rest can be checked; where reading stopped, nobody knows what else is missing."""
    document = parse_document(text.encode(), "item.yaml").document

    assert holes == document.holes
    assert (text == "a: &b 1") == document.complete


def test_templates_without_quotes_hide_nothing_behind_them():
    """Each is told, and what stands behind it is read at its place."""
    parsed = parse_document(b"a: {{fields.x}}/y {{z}}\nb: [{{c}}, {{d}}]\ne: &f g", "item.yaml")

    assert [(1, 5), (2, 6), (2, 13), (3, 4)] == [(problem.line, problem.column) for problem in parsed.problems]
    assert (3, 4) == parsed.document.place(("e",))
    assert "g" == parsed.document.data["e"]


def test_every_fault_of_a_file_is_reported():
    """Anchors, tags and duplicate keys are reported together, not one a run."""
    problems = parse_document(b"a: &x 1\nb: !t 2\nb: 3\n", "item.yaml").problems

    assert ["yaml-subset", "yaml-subset", "duplicate-key"] == [problem.code for problem in problems]


def test_a_byte_order_mark_is_allowed():
    """Editors on Windows write one; it is not part of the document."""
    assert {"a": 1} == parse_document(b"\xef\xbb\xbfa: 1", "item.yaml").document.data


def test_columns_count_characters():
    """A column is what an editor shows, whatever the bytes of the characters before."""
    document = document_of('{"é😀": 1, b: 2}')

    assert (1, 14) == document.place(("b",))


def test_places_are_of_values_or_keys():
    """A value's place is where it starts; an empty value and a missing one are placed at the key."""
    document = document_of("a:\n  b: 1\n  c:\nd:\n  - x\n  - y: 2\n")

    assert (2, 6) == document.place(("a", "b"))
    assert (2, 3) == document.place(("a", "b"), key=True)
    assert (3, 3) == document.place(("a", "c"))
    assert (1, 1) == document.place(("a", "missing", "deeper"))
    assert (5, 5) == document.place(("d", 0))
    assert (6, 8) == document.place(("d", 1, "y"))
    assert (1, 1) == document.place(())


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("a: some {{x}}", 1, 9),
        ("a: some\n  more {{x}}", 2, 8),
        ("a: 'it''s {{x}}'", 1, 11),
        ('a: "é\\n \\t\\x41\\u0020 {{x}}"', 1, 22),
        ('a: "one \\\n  two {{x}}"', 2, 7),
        ("a: |\n  one\n\n    two {{x}}\n", 4, 9),
        ("a: |2-  # comment\n    one\n   {{x}}", 3, 4),
        ("a: >\n  one\n  two {{x}}\n", 3, 7),
        ("a: >-\n\n  one\n\n\n   - two\n  {{x}}\n", 7, 3),
        ("a: |\r\n  one\r\n  {{x}}\r\n", 3, 3),
    ],
)
def test_a_character_inside_a_scalar_has_its_own_place(text, line, column):
    """The place of a template is exact in every style of scalar, however it is folded or escaped."""
    document = document_of(text)

    assert (line, column) == document.place_in(("a",), document.data["a"].index("{{"))


def test_fifty_levels_are_allowed_and_one_more_is_not():
    """The limit on nesting is exact."""
    assert parse_document(b"[" * 50 + b"]" * 50, "item.yaml").problems == ()

    (problem,) = parse_document(b"[" * 51 + b"]" * 51, "item.yaml").problems

    assert (1, 51) == (problem.line, problem.column)


def test_a_yaml_value_is_of_the_same_subset():
    """What a requester writes into a `yaml` field is read as catalog files are."""
    assert {"replicas": 3, "zone": "no"} == parse_yaml_value("replicas: 3\nzone: no\n")
    with pytest.raises(YamlSubsetError, match="line 2, column 4: aliases"):
        parse_yaml_value("a: 1\nb: *a\n")


def test_values_are_replaced_in_a_copy():
    """The document itself stays as it was read."""
    data = {"a": [1, {"b": 2}], "c": 3}

    changed = with_values(data, {("a", 1, "b"): "two", ("a", 0): "one"})

    assert {"a": ["one", {"b": "two"}], "c": 3} == changed
    assert {"a": [1, {"b": 2}], "c": 3} == data
