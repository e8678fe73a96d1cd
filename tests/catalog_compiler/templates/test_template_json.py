"""Values in a JSON document that is given as text."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog_compiler.encoding import Encoding
from catalog_compiler.templates import EncodingError, Scope, parse, render, sample

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.text())
def test_any_text_arrives_exactly_inside_quotes(text):
    """Quotes, backslashes, control characters, `{{`: the parsed document holds exactly the value."""
    body = '{"say \\" {x": "<{{fields.a}}>", "again": "{{fields.a}}"}'

    document = json.loads(render(body, Scope(fields={"a": text}), Encoding.JSON))

    assert {'say " {x': f"<{text}>", "again": text} == document


@given(JSON_VALUES)
def test_any_value_arrives_exactly_outside_quotes(value):
    """Outside quotes a value is a JSON value of its type."""
    document = json.loads(render('{"a": {{fields.a}}, "b": 1}', Scope(fields={"a": value}), Encoding.JSON))

    assert {"a": value, "b": 1} == document


@pytest.mark.parametrize(
    ("value", "inside", "outside"),
    [(None, "", None), (True, "true", True), (1.5, "1.5", 1.5), ([1, "a"], '[1, "a"]', [1, "a"])],
)
def test_other_types_inside_quotes_have_their_json_form(value, inside, outside):
    """Nothing is the empty text inside quotes and null outside."""
    body = '{"in": "{{fields.a}}", "out": {{fields.a}}}'

    assert {"in": inside, "out": outside} == json.loads(render(body, Scope(fields={"a": value}), Encoding.JSON))


@pytest.mark.parametrize("body", ['{"a": "\\{{fields.a}}"}', '{"a": "\\u00{{fields.a}}"}'])
def test_no_value_can_finish_an_escape(body):
    """Right behind a backslash a value could become part of the escape, so it is refused."""
    with pytest.raises(EncodingError, match="behind a backslash"):
        render(body, Scope(fields={"a": '"'}), Encoding.JSON)


def test_an_escaped_backslash_ends_nothing():
    r"""Behind `\\` a value stands as anywhere."""
    assert json.loads(render('{"a": "\\\\{{fields.a}}"}', Scope(fields={"a": '"'}), Encoding.JSON)) == {"a": '\\"'}


def test_a_sample_has_stand_ins_for_where_they_stand():
    """A document can be checked before there is a request."""
    assert sample(parse('{"a": "-{{fields.a}}-", "b": {{fields.b}}}'), Encoding.JSON) == '{"a": "-x-", "b": null}'
