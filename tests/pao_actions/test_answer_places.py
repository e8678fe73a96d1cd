"""URLs with places for what an answer holds."""

from urllib.parse import parse_qsl, unquote, urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pao_actions.answer_places import expanded, fill_in, led_by_answer, place_problems, places_in
from pao_actions.http_answer import HttpAnswer

BASE = "https://api.example.com/v1/things"


def answer(body=b"{}", **headers):
    return HttpAnswer(
        method="POST",
        target="POST h/",
        status=202,
        headers=httpx.Headers({name.replace("_", "-"): value for name, value in headers.items()}),
        body=body,
        complete=True,
    )


@given(value=st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(lambda text: text not in (".", "..")))
def test_a_value_in_a_place_adds_nothing(value):
    """One segment stays one segment, one parameter one parameter, whatever it holds."""
    parts = urlsplit(expanded("https://h/a/{$.x}/b?q={$.x}#{$.x}", {"$.x": value}, BASE))

    assert ("https", "h", value) == (parts.scheme, parts.netloc, unquote(parts.fragment))
    assert ["", "a", value, "b"] == [unquote(segment) for segment in parts.path.split("/")]
    assert [("q", value)] == parse_qsl(parts.query, keep_blank_values=True)


@pytest.mark.parametrize(
    ("url", "places", "result"),
    [
        (None, {"": "/ops/1"}, "https://api.example.com/ops/1"),
        (None, {"": "ops/1"}, "https://api.example.com/v1/ops/1"),
        ("{Location}", {"Location": "https://x/y?z"}, "https://x/y?z"),
        ("{$.a}", {"$.a": "//x/y"}, "https://x/y"),
        ("/x/{$.a}", {"$.a": "https://evil/"}, "/x/https%3A%2F%2Fevil%2F"),
        ("/plain", {}, "/plain"),
    ],
)
def test_where_a_url_leads(url, places, result):
    """One that is a place is the answer's own; in all others values are encoded."""
    assert result == expanded(url, places, BASE)
    assert (url is None or url.startswith("{")) == led_by_answer(url)


def test_what_fills_the_places():
    """Texts and numbers of the body, and headers by their name."""
    given_answer = answer(b'{"id": "a/b", "n": 5, "f": 1.5}', Operation_Location="/ops/1", Location="/x")

    assert {"$.id": "a/b", "$.n": "5", "$.f": "1.5", "location": "/x"} == fill_in(
        places_in("/{$.id}/{$.n}/{$.f}/{location}"), given_answer
    )
    assert {"": "/ops/1"} == fill_in(places_in(None), given_answer)


@pytest.mark.parametrize("value", [b"null", b"true", b"[]", b"{}", b'""'])
def test_what_can_fill_no_place(value):
    """It would lead to another place than its author means."""
    with pytest.raises(Exception, match=r"holds no text or number at \$\.id"):
        fill_in(("$.id",), answer(b'{"id": ' + value + b"}"))


@given(url=st.text("{}$.a[]'*/:x@? -"))
def test_no_url_raises_an_error_of_ours(url):
    """A problem, or a URL that can be filled in."""
    if not list(place_problems(url, ("url",))):
        expanded(url, dict.fromkeys(places_in(url), "v"), BASE)
