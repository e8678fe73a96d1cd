"""Patterns mean the same in a browser and on the server."""

from __future__ import annotations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from catalog_compiler.field_types.dates import A_YEAR, DATETIME
from catalog_compiler.field_types.files import DATA_URL
from catalog_compiler.field_types.texts import EMAIL, LINE_BREAKS, Url
from catalog_compiler.patterns import PatternError, compile_pattern
from tests.catalog_compiler.forms import a_field
from tests.catalog_compiler.random_forms import DATES, EMAILS, FILES, TIMES, URLS, WORDS


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        (r"^[a-z][a-z0-9-]*$", "orders-1", True),
        (r"^[a-z]+$", "abc\n", False),
        (r"b", "abc", True),
        (r"^\d{3}$", "123", True),
        (r"^\d{3}$", "١٢٣", False),
        (r"^\w+$", "größe", False),
        (r"^\p{L}+$", "größe", True),
        (r"^\s$", "\u00a0", True),
        (r"^\s$", "\u2028", True),
        (r"^[^\s]$", "\ufeff", False),
        (r"^\S$", "\u00a0", False),
        (r"^[\S]$", "a", True),
        (r"^.$", "\u2028", False),
        (r"^.$", "\U0001f600", True),
        (r"^\u{1F600}$", "\U0001f600", True),
        (r"^\u0041\x42$", "AB", True),
        (r"^[.*+?()|{}^$]+$", "(*)", True),
        (r"^[\w.-]+$", "a.b-c", True),
        (r"^(?:a|b){2,3}?$", "ab", True),
        ("", "anything", True),
    ],
)
def test_pattern_finds_what_a_browser_finds(judge, pattern, text, found):
    r"""`.`, `\s`, `\d`, `\w` and `$` are those of ECMAScript with the `u` flag, not RE2's or Python's."""
    assert found == bool(compile_pattern(pattern).search(text))
    assert [[found]] == judge.found([pattern], [text])


@pytest.mark.parametrize("pattern", ["(?=a)b", "(?!a)b", "(?<=a)b", "(?<!a)b", r"(a)\1", r"\k<n>"])
def test_what_needs_more_than_linear_time_is_refused_with_the_way_out(pattern):
    """Lookarounds and back-references: the hint is to write several patterns."""
    with pytest.raises(PatternError) as caught:
        compile_pattern(pattern)
    assert "several patterns" in (caught.value.hint or "")


@pytest.mark.parametrize(
    "pattern",
    [
        "(?i)a",
        "(?P<n>a)",
        "(?<n>a)",
        "[[:alpha:]]",
        "[]a]",
        "[^]",
        "a{,3}",
        "a]",
        "^*",
        "a**",
        "a|*",
        "*a",
        r"[\w-.]",
        r"\-",
        r"\a",
        r"\Qa\E",
        r"\z",
        r"[\b]",
        r"\ud83d",
        r"\u{110000}",
        r"\p{Greek}",
        r"\pL",
        "[a",
        "(a",
        "a)",
        "[b-a]",
        "a{3,2}",
        "a{1001}",
        "(?:a{1000}){1000}",
        "a\\",
        "\ud800",
    ],
)
def test_what_only_one_side_understands_is_refused(pattern):
    """Syntax that RE2 and browsers read differently, or that is no pattern at all."""
    with pytest.raises(PatternError):
        compile_pattern(pattern)


def test_a_pattern_that_hangs_other_engines_answers_at_once():
    """Linear time: nested repetition over a long text is no danger."""
    assert compile_pattern("^(?:a+)+$").search("a" * 100_000 + "b") is None


TOKENS = [
    *("a", "b", "Z", "0", "_", "-", "ä", "\u2028", "\u00a0", "\U0001f600", "\n", " ", ",", "/", ":", "&&", "--", "~"),
    *(
        ".",
        "^",
        "$",
        "|",
        "(",
        ")",
        "(?:",
        "[",
        "[^",
        "]",
        "{",
        "}",
        "*",
        "+",
        "?",
        "??",
        "*?",
        "{2}",
        "{0,1}",
        "{1,}?",
    ),
    *(r"\d", r"\D", r"\w", r"\W", r"\s", r"\S", r"\b", r"\B", r"\p{L}", r"\P{Lu}", r"\p{Nd}", r"\p{Zs}", r"\p{Cn}"),
    *(
        r"\n",
        r"\t",
        r"\v",
        r"\f",
        r"\r",
        r"\.",
        r"\-",
        r"\/",
        r"\^",
        r"\]",
        r"\u0041",
        r"\u{1f600}",
        r"\x2e",
        r"\ud83d",
    ),
    *(r"\1", r"\a", r"\c", r"\0", r"\8", r"\k<a>", r"\Q", r"\z", r"\p{Greek}", r"\pL", "(?=", "(?<a>", "(?i)", "a-z"),
]
"""Signs and escapes that one side or both know, and some that neither does."""
PARTS = [
    *("[a-z]", "[^a-z]", r"[\w.-]", r"[^\s]", r"[\S]", r"[^\D]", "(?:a|b)", "(a)", "(?:ab)+", "[-a]", "[a-]", "[$^]"),
    *(r"[^\n]", r"[\p{L}0]", r"[\P{L}]", r"[^\p{L}\s]", "^a", "b$", "a{2}", ".{2}", "[.]", "[(?:]", "[{2}]", "[a^]"),
]
TEXTS = [
    "",
    "a",
    "b",
    "ab",
    "aab",
    "Za0_",
    "-",
    "ä",
    "\u00a0",
    "\u2028",
    "\ufeff",
    "\U0001f600",
    "\n",
    "a\nb",
    "a b",
    "A.",
    "/]",
]


OLD_LETTERS = st.characters(max_codepoint=0x02AF)
"""Engines may know different versions of Unicode, and of what category its newest characters are."""


@settings(max_examples=500, deadline=None)
@given(
    parts=st.lists(st.sampled_from(TOKENS) | st.sampled_from(PARTS), max_size=7),
    more=st.lists(st.text(OLD_LETTERS, max_size=4)),
)
def test_whatever_is_taken_means_the_same_in_a_browser(judge, parts, more):
    """A pattern that the server takes compiles with the `u` flag, and occurs in the same texts."""
    pattern, texts = "".join(parts), [*TEXTS, *more]
    try:
        compiled = compile_pattern(pattern)
    except PatternError:
        assume(False)
    assert [[compiled.search(text) is not None for text in texts]] == judge.found([pattern], texts)


@pytest.mark.parametrize(
    ("pattern", "values"),
    [
        (EMAIL, EMAILS),
        (Url().own_pattern(a_field("url")), URLS),
        (Url().own_pattern(a_field("url", validation={"schemes": ["https", "git+ssh", "mailto"]})), URLS),
        (DATETIME, st.sampled_from(TIMES)),
        (A_YEAR, st.sampled_from(DATES)),
        (DATA_URL, FILES),
        (LINE_BREAKS, WORDS),
    ],
    ids=["email", "url", "url of schemes", "datetime", "date", "file", "line breaks"],
)
@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_the_patterns_of_field_types_mean_the_same_in_a_browser(judge, pattern, values, data):
    """They are of the kind that authors may write."""
    texts = [data.draw(values) for _ in range(10)]
    assert [[compile_pattern(pattern).search(text) is not None for text in texts]] == judge.found([pattern], texts)
