"""What a request is found by, and what a search looks for."""

from __future__ import annotations

import uuid

import pytest

from api_plugin.search_words import id_range, request_words, search_query
from catalog_compiler.plan import FieldPlan


def found_by(value, *, kind="string", sensitive=False):
    return request_words([], [FieldPlan(id="f", type=kind, sensitive=sensitive)], {"f": value}).split()


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("orders", ["'orders'"]),
        ("Orders_Prod-2", ["'orders'", "'prod'", "'2'"]),
        ("dev@example.com", ["'dev'", "'example'", "'com'"]),
        ("Straße ÄRGER", ["'strasse'", "'ärger'"]),
        ("\uff46\uff55\uff4c\uff4c", ["'full'"]),
        ("数据库", ["'数据库'"]),
        ("it's \\ 'quoted' & | ! :*", ["'it'", "'s'", "'quoted'"]),
        ("a a A", ["'a'"]),
        (12, ["'12'"]),
        (1.5, ["'1'", "'5'"]),
        (True, []),
        (None, []),
        (["red", "green"], ["'red'", "'green'"]),
        ({"a": {"b": "deep"}}, ["'deep'"]),
        ("x" * 100, [f"'{'x' * 64}'"]),
        ("😀 a\u202eb", ["'a'", "'b'"]),
    ],
)
def test_words_of_a_value(value, words):
    """Runs of letters and digits in one form, each once."""
    assert words == found_by(value)


def test_a_secret_gives_no_words():
    """It would be readable in the index."""
    assert [] == found_by("hunter22", sensitive=True)


def test_a_file_is_found_by_its_name():
    """Not by its content, which is no text."""
    assert ["'my'", "'notes'", "'txt'"] == found_by("data:text/plain;name=my%20notes.txt;base64,aGVsbG8=", kind="file")


def test_there_is_an_end_to_words():
    """Of one long text and of many."""
    assert 200 == len(request_words([" ".join(map(str, range(1000)))], [], {}).split())
    assert ["'a'"] == found_by("a " * 499 + "  b")


@pytest.mark.parametrize(
    ("search", "query"),
    [
        ("orders", "'orders':*"),
        ("Orders prod", "'orders':* & 'prod':*"),
        ("dev@example", "'dev':* & 'example':*"),
        ("a' | 'b", "'a':* & 'b':*"),
        ("!:*()&|<->\\", None),
        ("", None),
        (" ".join("abcdefghijkl"), " & ".join(f"'{letter}':*" for letter in "abcdefghij")),
    ],
)
def test_a_search_is_of_beginnings_of_words(search, query):
    """Whatever stands between them; nothing of it is an operator."""
    assert query == search_query(search)


FIRST, LAST = "0b9c0000-0000-0000-0000-000000000000", "0b9cffff-ffff-ffff-ffff-ffffffffffff"


@pytest.mark.parametrize(
    ("search", "ids"),
    [
        ("0b9c", (FIRST, LAST)),
        (" 0B9C ", (FIRST, LAST)),
        ("0b9c3a52-8a", ("0b9c3a52-8a00-0000-0000-000000000000", "0b9c3a52-8aff-ffff-ffff-ffffffffffff")),
        ("0b9c3a52-", ("0b9c3a52-0000-0000-0000-000000000000", "0b9c3a52-ffff-ffff-ffff-ffffffffffff")),
        ("0b9c3a528a5e4a8f9d0f6b7f6b1f2a10", ("0b9c3a52-8a5e-4a8f-9d0f-6b7f6b1f2a10",) * 2),
        ("0b9c3a52-8a5e-4a8f-9d0f-6b7f6b1f2a10", ("0b9c3a52-8a5e-4a8f-9d0f-6b7f6b1f2a10",) * 2),
        ("0b9", None),
        ("0b-9c", None),
        ("orders", None),
        ("0b9c3a52-8a5e-4a8f-9d0f-6b7f6b1f2a100", None),
        ("", None),
    ],
)
def test_the_beginning_of_an_id(search, ids):
    """With its dashes where an id has them, or without any; from four digits on."""
    assert ids == (found := id_range(search)) or tuple(map(uuid.UUID, ids)) == found
