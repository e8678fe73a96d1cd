"""Hostile values on their way into a ticket: what Jira stores is exactly the value, or a refusal names it."""

import html
import re

import pytest
from pao_actions.jira.documents import adf, text_of_adf, wiki
from pao_actions.jira.jql import any_id, equals

from catalog_compiler.templates import EncodingError
from tests.fakes.jira import parse_jql, valid_adf
from tests.pao_actions import hostile

HOSTILE = [
    *hostile.HOSTILE,
    "\\\\server\\share\\*x*",
    '" OR labels = "x',
    '\\" OR project = SECRET --',
    '"}], "admin": true',
    "&#42;bold&#42; &amp; &lt;b&gt;",
    "*bold* _italic_ -struck- +ins+ ^up^ ~down~ ??cite??",
    "h1. Title\nbq. quote\n* one\n# two\n- three\n----",
    "||a||b||\n|c|d|",
    "[click|https://evil.example.com] [~admin] [^file.txt]",
    "!https://evil.example.com/x.png! !x.png|thumbnail!",
    "{code}x{code} {color:red}x{color} {noformat}*x*{noformat}",
    ":) ;) :D :P (!) (x) (*r)",
    "@admin",
    '{"type": "doc", "version": 1, "content": []}',
    "a\n\n\nb\n\n  c",
    "word" * 8000,
]
ONE_LINE = re.compile(r"[^\x00-\x1f]*").fullmatch
"""A value that may stand in one line of text."""
MARKUP = re.compile(
    # What would still mean something to the renderer, once escapes and entities are set aside.
    r"[{}\[\]|]|\?\?|(?m:^\s*(?:h[1-6]|bq)\.)|(?m:^\s*[*#-]+\s)|(?<![^\W_])[*_+^~-](?=\S)|![^\s!]|\\\\|[:;][()]|\([!x*]"
)
ESCAPE = re.compile(r"(?:^|(?<!\\))\\([-#*_+?^~|%{}\[\]()!@])")
"""As Jira's renderer has it."""


def rendered(text):
    """What a reader of wiki text without markup sees."""
    return re.sub(r"&#?\w+;", lambda found: html.unescape(found[0]), ESCAPE.sub(r"\1", text))


def plain(text):
    return text.replace("\r\n", "\n").replace("\r", "\n")


@pytest.mark.parametrize("value", HOSTILE)
def test_description_and_comment(desk, value):
    """A value is a value, between others and alone."""
    config = {"description_template": "<{{fields.x}}>\n\nend {{fields.x}}.", "summary_template": "x"}

    outcome = desk.run(config, fields={"x": value, "other": "other"})
    if len(value) * 2 > 32000:
        assert "the description has 64009 characters, and Jira takes 32767" in outcome.error.message
        return
    desk.undo({"comment_template": "{{fields.x}}!"}, fields={"x": value})

    issue = desk.jira.only()
    description, comment = issue["fields"]["description"], issue["comments"][0]["body"]
    read = text_of_adf if desk.jira.cloud else rendered
    assert (f"<{plain(value)}>\n\nend {plain(value)}.", f"{plain(value)}!") == (read(description), read(comment))


@pytest.mark.parametrize("value", HOSTILE)
def test_summary(desk, value):
    """One line; a value that would break it is refused by name."""
    if not ONE_LINE(value):
        with pytest.raises(
            EncodingError, match=r"config\.summary_template: the value of 'fields\.x' has (a line break|the control)"
        ):
            desk.run({"summary_template": "<{{fields.x}}>"}, fields={"x": value})
        return
    outcome = desk.run({"summary_template": "<{{fields.x}}>"}, fields={"x": value})

    if len(value) > 250:
        assert "the summary has 32002 characters" in outcome.error.message
    else:
        assert f"<{value}>" == desk.jira.only()["fields"]["summary"]


@pytest.mark.parametrize("value", HOSTILE)
def test_fields_labels_and_lists(desk, value):
    """A text field, a label, and a name that is looked up: exact, or refused with the value."""
    outcome = desk.run(
        {"custom_fields": {"business_justification": "{{fields.x}}"}, "labels": ["{{fields.x}}"]}, fields={"x": value}
    )
    if "\n" in value or any(character.isspace() for character in value) or len(value) > 255:
        assert "failed" == outcome.status
        assert outcome.error.message.startswith(("the field 'Business Justification'", "the label "))
    else:
        fields = desk.jira.only()["fields"]
        assert (value, value) == (fields["customfield_10010"], fields["labels"][0])


@pytest.mark.parametrize("key", ["assignee", "priority", "issue_type", "project"])
@pytest.mark.parametrize("value", list(filter(ONE_LINE, HOSTILE)))
def test_what_is_looked_up_stays_one_name(desk, key, value):
    """In a path or a query of the API; nothing else is called."""
    desk.run({key: "{{fields.x}}"}, fields={"x": value})

    paths = {call.path.replace("%", "") for call in desk.jira.calls}
    assert all(re.fullmatch(r"/(serverInfo|issue(/[^/]+)*|user/assignable/search)", path) for path in paths)
    if key == "assignee":
        (search,) = desk.jira.calls_of("GET", "/user/assignable/search")
        assert value == search.query["query" if desk.jira.cloud else "username"]
        assert {"query" if desk.jira.cloud else "username", "maxResults", "project"} == set(search.query)


@pytest.mark.parametrize("value", HOSTILE)
def test_jql(value):
    """One string of one clause."""
    assert ("labels", [value]) == parse_jql(equals("labels", value)) or any(ord(mark) < 32 for mark in value)
    assert "\n" not in equals("labels", value)
    assert ("id", ["6", "7"]) == parse_jql(any_id(["6", value, "7"]))


@pytest.mark.parametrize("value", HOSTILE)
def test_adf_holds_text_alone(value):
    """As the format's schema wants it."""
    document = adf(plain(value))

    assert valid_adf(document)
    assert plain(value) == text_of_adf(document)


@pytest.mark.parametrize("value", HOSTILE)
def test_wiki_text_without_markup(value):
    """Everything that means something is escaped as the renderer takes it, and shows as it was."""
    written = wiki(plain(value))

    assert plain(value) == rendered(written)
    left = ESCAPE.sub("\u241b", re.sub(r"&(#\d+|\w+);", "\u241b", written))
    assert None is MARKUP.search(left), MARKUP.search(left)


def test_the_link_to_the_request_is_a_link(cloud):
    """The one thing in a text that can be clicked, and PAO's own."""
    url = cloud.context.request_url
    cloud.run({"description_template": "See {{fields.x}} or https://evil.example.com"}, fields={"x": url})

    (paragraph,) = cloud.jira.only()["fields"]["description"]["content"]
    assert [None, url, None] == [
        node["marks"][0]["attrs"]["href"] if "marks" in node else None for node in paragraph["content"]
    ]
