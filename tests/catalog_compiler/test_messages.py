"""The words of validation: whoever reads a problem knows what to do next."""

from __future__ import annotations

from typing import get_args

import pytest

from catalog_compiler.code_help import CODE_HELP
from catalog_compiler.problems import Code
from tests.catalog_compiler.broken import broken_catalogs
from tests.catalog_compiler.words import shortcomings

PROBLEMS = sorted(
    {
        (problem.code, problem.message, problem.hint)
        for broken in broken_catalogs()
        for problem in broken.compiled().problems
    },
    key=str,
)
"""Code, message and hint of every problem of the broken catalogs."""


@pytest.mark.parametrize(("code", "message", "hint"), PROBLEMS)
def test_each_message_tells_what_to_do(code, message, hint):
    """In one plain line: by an order, by the rule itself, or by a hint. What mutations find is held to the same."""
    assert [] == list(shortcomings(message, hint))


def test_every_code_is_shown_by_a_broken_catalog():
    """So that this test reads the words of all of them."""
    assert set(get_args(Code)) == {code for code, _, _ in PROBLEMS}


@pytest.mark.parametrize("code", get_args(Code))
def test_every_code_has_a_meaning_and_a_remedy(code):
    """Two whole sentences, for reports and for the documentation."""
    meaning, remedy = CODE_HELP[code]

    for sentence in (meaning, remedy):
        assert sentence[0].isupper()
        assert sentence.endswith((".", "{{."))
