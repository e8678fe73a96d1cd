"""Reading templates: references, filters, literals, and where a mistake stands."""

import pytest

from catalog_compiler.templates import TemplateSyntaxError, check_filters, has_template, parse


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("{{fields.name}}", ("fields", "name")),
        ("{{ fields.name }}", ("fields", "name")),
        ("{{\n  fields.name\n}}", ("fields", "name")),
        ("{{response.rest-api-2.hosts[0].ip}}", ("response", "rest-api-2", "hosts", 0, "ip")),
        ("{{response.a.rows[1][20]}}", ("response", "a", "rows", 1, 20)),
        ("{{header.sla.support_level}}", ("header", "sla", "support_level")),
        ("{{request}}", ("request",)),
    ],
)
def test_reads_a_reference(text, reference):
    """A reference is names joined by dots, hyphens in them allowed, with indexes from 0."""
    assert reference == parse(text).expressions[0].reference


def test_reads_filters_with_arguments():
    """Arguments are texts in either quotes, numbers, true, false and null."""
    (expression,) = parse(
        r"""{{ fields.a | replace('"', "it\'s\n") | truncate(3) | default(-1.5) | default(true) }}"""
    ).expressions

    calls = [(call.name, call.arguments) for call in expression.filters]

    assert calls == [("replace", ('"', "it's\n")), ("truncate", (3,)), ("default", (-1.5,)), ("default", (True,))]


def test_knows_where_each_part_stands():
    """Offsets count characters of the string, so that a problem can be shown at its own place."""
    text = "é {{ fields.a | lower }} and {{fields.b}}"

    first, second = parse(text).expressions

    assert text[first.offset : first.offset + 8] == "fields.a"
    assert text[first.filters[0].offset : first.filters[0].offset + 5] == "lower"
    assert text[first.end : second.offset - 2] == " and "
    assert len(text) == second.end


def test_keeps_literal_braces():
    """`{{ '{{' }}` is the text `{{`, and joins the text around it."""
    template = parse("a {{ '{{' }}b}} {{fields.c}}")

    assert template.parts[:1] == ("a {{b}} ",)
    assert not template.is_single


@pytest.mark.parametrize("text", ["", "plain", "${NAME}", "}}", "{ {x} }", "$(x)"])
def test_leaves_other_text_alone(text):
    """Only `{{` opens a template."""
    assert not has_template(text)
    assert (text,) * bool(text) == parse(text).parts


@pytest.mark.parametrize(
    ("text", "offset", "message"),
    [
        ("ab {{ fields.a", 3, "no matching '}}'"),
        ("{{}}", 2, "expected a reference"),
        ("{{ fields. }}", 10, "expected a name"),
        ("{{ fields.a b }}", 12, "found 'b'"),
        ("{{ fields.a + 1 }}", 12, "found '+'"),
        ("{{ fields['a'] }}", 9, "expected an index"),
        ("{{ fields.a | }}", 14, "expected the name of a filter"),
        ("{{ fields.a | default(fields.b) }}", 22, "a text in quotes or a number"),
        ("{{ fields.a | default('x' }}", 26, "',' or ')'"),
        ("{{ fields.a | default('x) }}", 22, "does not end"),
        ("{{ 'hello' }}", 3, "a quoted text is not a reference"),
        ("{{{ fields.a }}}", 2, "expected a reference"),
        ("{{ fields.a() }}", 11, "found '('"),
    ],
)
def test_says_where_a_mistake_is(text, offset, message):
    """A mistake has the offset of its character, or of the `{{` that does not end."""
    with pytest.raises(TemplateSyntaxError) as caught:
        parse(text)

    assert offset == caught.value.offset
    assert message in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("{{fields.a | uper}}", "'uper' is not a filter", "did you mean 'upper'?"),
        ("{{fields.a | replace('x')}}", "takes 2 arguments, got 1", "write 'replace(a text, a text)'"),
        ("{{fields.a | lower('x')}}", "takes 0 arguments, got 1", "write 'lower'"),
        ("{{fields.a | truncate('3')}}", "needs a number from 0, got '3'", None),
        ("{{fields.a | truncate(-1)}}", "needs a number from 0, got -1", None),
        ("{{fields.a | date('%Q')}}", "does not know %Q", "it knows %Y"),
    ],
)
def test_checks_filters_before_there_is_a_value(text, message, hint):
    """Unknown filters and wrong arguments are found without running anything."""
    ((found, offset, found_hint),) = check_filters(parse(text).expressions[0])

    assert message in found
    assert text.index("|") + 2 == offset
    assert (hint or "") in (found_hint or "")


def test_takes_time_in_proportion_to_the_text():
    """A megabyte of anything is read in one pass; this would take hours if it were quadratic."""
    parse("{{fields.a}}" * 80_000)
    with pytest.raises(TemplateSyntaxError):
        parse("{{fields.a" + "|lower" * 150_000)
