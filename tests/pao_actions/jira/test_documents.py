"""Texts in Jira's two forms, for any text: what is read is what was written, and nothing in it is markup."""

import re

from hypothesis import given
from hypothesis import strategies as st
from pao_actions.jira.documents import adf, text_of_adf, wiki
from pao_actions.jira.jql import any_id, equals, quoted

from tests.fakes.jira import parse_jql, valid_adf
from tests.pao_actions.jira.test_injection import ESCAPE, MARKUP, rendered

TEXTS = st.text(
    st.one_of(
        st.sampled_from("-#*_+?^~|%{}[]()!@\\:;&#x27DPhbq.1 \n<>\"'"),
        st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"),
    ),
    max_size=60,
)


@given(TEXTS)
def test_wiki_text_shows_as_it_was_and_means_nothing(text):
    """By the renderer's rule of escapes, and by entities."""
    written = wiki(text)

    assert text == rendered(written)
    left = ESCAPE.sub("\u241b", re.sub(r"&(#\d+|\w+);", "\u241b", written))
    assert None is MARKUP.search(left), (written, MARKUP.search(left))


@given(TEXTS)
def test_adf_is_valid_and_reads_as_it_was(text):
    """Blank lines are paragraphs, lines are hard breaks."""
    document = adf(text)

    assert valid_adf(document)
    assert text == text_of_adf(document)


@given(st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\u2028\u2029")))
def test_jql_holds_a_value_as_one_string(value):
    """Whatever quotes and backslashes are in it; what should be an id and is none is nothing."""
    assert ("labels", [value]) == parse_jql(equals("labels", value))
    assert "id in (5)" == any_id(["5", f"x{value}"])


def test_jql_has_no_control_characters():
    """They are written by their code."""
    assert '"a\\u000ab\\u0000\\u2028"' == quoted("a\nb\0\u2028")
