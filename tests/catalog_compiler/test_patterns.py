"""Patterns mean the same in a browser and on the server."""

from __future__ import annotations

import pytest

from catalog_compiler.patterns import PatternError, compile_pattern


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
def test_pattern_finds_what_a_browser_finds(pattern, text, found):
    r"""`.`, `\s`, `\d`, `\w` and `$` are those of ECMAScript with the `u` flag, not RE2's or Python's."""
    assert found == bool(compile_pattern(pattern).search(text))


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
