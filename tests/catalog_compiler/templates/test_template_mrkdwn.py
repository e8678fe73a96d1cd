"""Values in a text of Slack's: they add neither mentions nor links."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog_compiler.encoding import Encoding
from catalog_compiler.templates import EncodingError, Scope, parse, render, sample


def written(template, value):
    return render(template, Scope(fields={"a": value}), Encoding.MRKDWN)


@given(st.text())
def test_any_text_arrives_exactly_and_without_brackets(value):
    """Slack makes mentions and links of what stands between `<` and `>` alone."""
    text = written("{{fields.a}}", value)

    assert not set("<>") & set(text)
    assert value == text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


@pytest.mark.parametrize("value", ["<!channel>", "<@U012AB3CD>", "<https://evil.example|bank>", "&lt;!here&gt;"])
def test_a_value_mentions_nobody(value):
    """Everything that Slack would act on is text."""
    assert "<" not in written("hello {{fields.a}}", value)
    assert "&amp;lt;!here&amp;gt;" == written("{{fields.a}}", "&lt;!here&gt;")


@pytest.mark.parametrize(
    ("template", "value", "expected"),
    [
        ("<!channel> {{fields.a}}", "<x>", "<!channel> &lt;x&gt;"),
        ("<https://a.example/{{fields.a}}|open>", "a b/|>", "<https://a.example/a%20b%2F%7C%3E|open>"),
        ("<https://a.example|{{fields.a}}>", "a|b>", "<https://a.example|a|b&gt;>"),
        ("<{{fields.a}}|open>", "https://a.example/?a=b&c=(d)", "<https://a.example/?a=b&amp;c=%28d%29|open>"),
        ("<@{{fields.a}}>", "U012AB3CD", "<@U012AB3CD>"),
        ("a < b {{fields.a}}\n{{fields.a}}", "x", "a < b x\nx"),
    ],
)
def test_a_value_stands_in_the_authors_links(template, value, expected):
    """As a part of the address, as the whole of it, as the label, or as an id."""
    assert expected == written(template, value)


@pytest.mark.parametrize(
    ("template", "value", "message"),
    [
        ("<{{fields.a}}|open>", "javascript:x", "the value of 'fields.a' is the address of a link, and no address of"),
        ("<{{fields.a}}>", "!channel", "the value of 'fields.a' is the address of a link, and no address of"),
        ("<@{{fields.a}}>", "U1|x> <!here", "the value of 'fields.a' is no id of Slack, and a mention needs one"),
        ("<!{{fields.a}}>", "here", "'fields.a' stands in a special mention of Slack; write that without values"),
        ("<https://a.example|{{fields.a}}>", "a\nb", "the value of 'fields.a' has a line break"),
    ],
)
def test_what_would_change_a_link_or_mention_is_refused(template, value, message):
    """By name."""
    with pytest.raises(EncodingError, match=message.replace("'", ".")):
        written(template, value)


def test_a_template_is_checked_without_values():
    """With an address or an id where one is needed."""
    template = "x <{{fields.a}}|y> <@{{fields.a}}> {{fields.a}}"

    assert "x <https://x|y> <@X> x" == sample(parse(template), Encoding.MRKDWN)
