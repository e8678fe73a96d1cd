"""Values in Markdown: a reader sees exactly the value, and no structure but the author's."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from catalog_compiler.encoding import Encoding
from catalog_compiler.templates import EncodingError, Scope, parse, render, sample
from tests.catalog_compiler.templates.markdown_reader import read, words

NASTY = st.text(alphabet=st.sampled_from(list("*_`[]()<>!#+-=.1 \n\t\\~|&;:/ax\"'@{}")), max_size=40)


def written(template, value):
    return render(template, Scope(fields={"a": value}), Encoding.MARKDOWN)


@example("* item")
@example("1. one\n2) two")
@example("    code")
@example("a\n\n\tcode")
@example("[x](https://evil.example)")
@example("![x](https://evil.example/a.png)")
@example("<https://evil.example>")
@example("<b>bold</b> &amp; &#65;")
@example("a\n===\nb\n---")
@example("# heading\n> quotation\n- [ ] task")
@example("```\ncode\n```")
@example("a\\*b\\")
@example("| a | b |\n|---|---|\n| 1 | 2 |")
@example("\x00")
@example("~~gone~~ __init__ snake_case _a_")
@given(st.one_of(NASTY, st.text(max_size=60)))
def test_a_reader_sees_the_value_and_no_structure(value):
    """Alone, within a line, and at the end of one."""
    for template, around in (
        ("{{fields.a}}", "{}"),
        ("Name: {{fields.a}}", "Name: {}"),
        ("a {{fields.a}} z", "a {} z"),
    ):
        text, structure = read(written(template, value))

        assert set() == structure
        assert words(around.replace("{}", value)) == words(text)


@pytest.mark.parametrize(
    "value", ["my-database_1 (prod)", "ada@example.com", "1.5 GB + 3", "a/b?c=d#e", "50 % & more!", "a > b"]
)
def test_a_usual_value_has_no_escape_in_it(value):
    """It is shown well by programs, too, that know few escapes."""
    assert f"Name: {value}" == written("Name: {{fields.a}}", value)


def test_the_authors_structure_stays():
    """Emphasis, lists and links; a value is within them."""
    text, structure = read(
        written("- **{{fields.a}}**: [show *{{fields.a}}*](https://a.example/?q={{fields.a}})", "x]*&y")
    )

    assert "x]*&y: show x]*&y" == text.strip()
    assert "link_open https://a.example/?q=x%5D%2A%26y" in structure


def test_a_value_can_be_a_whole_address():
    """Of http or https; nothing in it ends the link."""
    _, structure = read(written("[open]({{fields.a}})", "https://a.example/x_(y)?a=b&c=[d]"))

    assert "link_open https://a.example/x_%28y%29?a=b&c=%5Bd%5D" in structure


@pytest.mark.parametrize(
    "value", ["javascript:alert(1)", "https://a b", "", "https://x> [y](https://evil.example", None, 7]
)
def test_what_is_no_address_is_refused_as_one(value):
    """By name."""
    with pytest.raises(EncodingError, match=r"'fields\.a' is the address of a link, and no address of http or https"):
        written("[open]({{fields.a}})", value)


def test_a_template_is_checked_without_values():
    """With an address where one is needed."""
    assert "x [y](https://x)" == sample(parse("{{fields.a}} [y]({{fields.a}})"), Encoding.MARKDOWN)
