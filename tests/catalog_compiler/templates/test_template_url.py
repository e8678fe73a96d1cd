"""Values in a URL: nothing a user writes leads anywhere else."""

from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog_compiler.encoding import Encoding
from catalog_compiler.templates import EncodingError, Scope, authority_expressions, parse, render

ENV = {"BASE": "https://api.example.com:8443/v1?key=a/b", "HOST": "db.example.com:99", "TENANT": "a/b"}


@given(st.text(min_size=1).filter(lambda text: text not in (".", "..")))
def test_any_value_is_one_path_segment_and_one_parameter(text):
    """Slashes, question marks, hashes and the like are encoded."""
    url = urlsplit(render("https://h/a/{{fields.x}}/b?q={{fields.x}}&r=1", Scope(fields={"x": text}), Encoding.URL))

    assert ["", "a", text, "b"] == [unquote(part) for part in url.path.split("/")]
    assert [("q", text), ("r", "1")] == parse_qsl(url.query, keep_blank_values=True)
    assert (url.netloc, url.fragment) == ("h", "")


@pytest.mark.parametrize(
    ("url", "value"),
    [
        ("https://h/{{fields.x}}/b", ".."),
        ("https://h/{{fields.x}}", "."),
        ("https://h/.{{fields.x}}?q", "."),
        ("https://h/%2e{{fields.x}}", "."),
        ("https://h/{{fields.x}}{{fields.x}}/b", "."),
        ("{{env.BASE}}/{{fields.x}}/b", ".."),
        ("https://h/{{fields.x}}", ""),
        ("https://h/{{fields.absent}}/b", "x"),
    ],
)
def test_a_value_that_changes_where_the_url_leads_is_refused(url, value):
    """A segment that means another directory, or none, is refused by name."""
    env = {"BASE": "https://api.example.com/v1"}

    with pytest.raises(EncodingError, match=r"'fields\.(x|absent)'.*would change where the URL leads"):
        render(url, Scope(fields={"x": value}, env=env), Encoding.URL)


@pytest.mark.parametrize(
    ("url", "result"),
    [
        ("{{env.BASE}}", "https://api.example.com:8443/v1?key=a/b"),
        ("{{env.BASE}}&x={{fields.x}}", "https://api.example.com:8443/v1?key=a/b&x=.."),
        ("https://{{env.HOST}}/{{env.TENANT}}", "https://db.example.com:99/a%2Fb"),
        ("https://{{fields.region}}.example.com/x", "https://eu-1.example.com/x"),
        ("/v1/{{fields.region}}", "/v1/eu-1"),
        ("{{fields.region}}/x", "eu-1/x"),
        ("https://h/?a={{fields.x}}", "https://h/?a=.."),
    ],
)
def test_a_variable_gives_a_url_as_it_is(url, result):
    """At the start and in the host a variable is not encoded; elsewhere it is a value as any other."""
    assert result == render(url, Scope(fields={"x": "..", "region": "eu-1"}, env=ENV), Encoding.URL)


@pytest.mark.parametrize("value", ["evil.com/", "evil.com#", "user@evil.com", "a\\b", "a b", "", "h:1x"])
def test_a_value_in_the_host_is_a_host(value):
    """Where a selection gives a part of the host, it can't end it."""
    with pytest.raises(EncodingError, match=r"'fields\.h' can't be part of a host name"):
        render("https://{{fields.h}}.example.com/", Scope(fields={"h": value}), Encoding.URL)


@pytest.mark.parametrize(
    ("url", "deciding"),
    [
        ("https://{{fields.a}}/{{fields.b}}", ["fields.a"]),
        ("https://x:{{fields.a}}", ["fields.a"]),
        ("{{fields.a}}://h/", ["fields.a"]),
        ("{{env.A}}{{fields.b}}/{{fields.c}}", ["env.A", "fields.b"]),
        ("{{env.A}}/{{fields.c}}", ["env.A"]),
        ("{{env.A}}://{{env.B}}/{{fields.c}}", ["env.A", "env.B"]),
        ("//{{fields.a}}/", ["fields.a"]),
        ("/x/{{fields.a}}", []),
        ("{{fields.a}}/x", []),
        ("https://h?u=http://{{fields.a}}", []),
    ],
)
def test_finds_what_decides_the_host(url, deciding):
    """Checks ask which references decide where a request goes."""
    assert deciding == [expression.path for expression in authority_expressions(parse(url))]
