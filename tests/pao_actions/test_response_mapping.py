"""JSONPath over answers: what is found is what the library finds, and the work has an end."""

import json

import jsonpath
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pao_actions.answer_condition import same
from pao_actions.response_mapping import MappingError, extract, find_all, found, path_problem

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text("ab", max_size=2),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("ab", max_size=2), inner, max_size=4),
    max_leaves=20,
)
PATHS = [
    "$",
    "$.a",
    "$[0]",
    "$[-1]",
    "$.*",
    "$..*",
    "$..a",
    "$[1:]",
    "$[::-1]",
    "$['a', 'b', 0]",
    "$[?@.a]",
    "$..[?@ == 1]",
    "$..[?count(@.*) > 1]",
    "$..[?length(@) == 2].a",
    "$[?@.a == $.b]",
    "$[?value(@..a) == 'a']",
]


@pytest.mark.parametrize("path", PATHS)
@given(document=JSON.filter(lambda value: isinstance(value, dict | list)))
def test_counting_changes_nothing(path, document):
    """The values are those of the library, with their types."""
    expected = jsonpath.JSONPathEnvironment(strict=True).compile(path).findall(document)

    assert repr(expected) == repr(find_all(path, document))


@given(document=JSON)
def test_same_is_as_in_json(document):
    """Every value is the same as itself, and as no other one of another type."""
    assert same(document, document)
    assert not same(document, [document])
    assert isinstance(document, bool) or not same(document, True)


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        (1, 1.0, True),
        (1, True, False),
        (0, False, False),
        (None, False, False),
        ("1", 1, False),
        ([1], [True], False),
        ({"a": 0}, {"a": False}, False),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True),
        ([1, 2], [2, 1], False),
    ],
)
def test_what_is_the_same(one, other, alike):
    """True is not 1."""
    assert alike == same(one, other)


@pytest.mark.parametrize(
    "path",
    [
        "$..[?count($..*) > 1]",
        "$..[?@..[?@..[?@..*]]]",
        "$[*][?$[*][?$[*][?@.z]]]",
        "$..[?@ == $]",
        "$" + "..*" * 4,
    ],
)
def test_a_hostile_combination_ends(path):
    """A path that looks at everything for everything, over an answer that is made for it: seconds, not hours."""
    body = b"[" + b",".join([b'{"a":' * 20 + b"[1,2,3]" + b"}" * 20] * 400) + b"]"

    with pytest.raises(MappingError) as caught:
        extract({"x": path}, body)

    assert "looks at, or finds, more than 300000 values" in str(caught.value) or "finds nothing" in str(caught.value)


def test_objects_are_counted_as_lists_are():
    """An answer without a list can be as costly."""
    body = json.dumps({f"k{number}": {"a": {"b": 1}} for number in range(2000)}).encode()

    with pytest.raises(MappingError, match="looks at, or finds, more than 300000 values"):
        extract({"x": "$..[?count($..*) > 100000]"}, body)


def test_one_mapping_has_one_limit():
    """Many paths together look at no more than one."""
    body = b"[" + b"1," * 50_000 + b"1]"

    assert 1 == len(extract({"x": "$[*]"}, body))
    with pytest.raises(MappingError, match="output 'x3'"):
        extract({f"x{number}": "$[*]" for number in range(1, 9)}, body)


def test_what_is_there_of_an_answer_that_lacks_some():
    """For the result of an action that failed."""
    assert {"a": 1} == found({"a": "$.a", "b": "$.b", "c": "$.c?"}, b'{"a": 1}')
    assert {} == found({"a": "$.a"}, b"<html>")


@pytest.mark.parametrize(
    "path", ["", "a", "$.", "$.a b", "$[", "$[?match(@.a, 'x')]", "$.a | $.b", "$.~", "$[?@.a =~ /x/]"]
)
def test_what_is_no_path(path):
    """A sentence, never an exception."""
    assert path_problem(path).startswith(f"'{path}' is not a JSONPath of RFC 9535")
