"""What an answer's `Retry-After` and excerpt say."""

from datetime import UTC, datetime

import httpx
import pytest
from pao_actions.http_answer import HttpAnswer, excerpt, retry_after

NOW = datetime(2025, 1, 1, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("120", 120.0),
        (" 0 ", 0.0),
        ("Wed, 01 Jan 2025 12:01:30 GMT", 90.0),
        ("Wed, 01 Jan 2025 11:00:00 GMT", 0.0),
        ("Wed, 01 Jan 2025 12:00:10 -0000", 10.0),
        ("soon", None),
        ("-5", None),
        ("1e9", None),
        ("9" * 40, None),
    ],
)
def test_retry_after(value, seconds):
    """Seconds or an HTTP date; anything else is no wish."""
    assert seconds == retry_after(value, NOW)


@pytest.mark.parametrize(
    ("body", "content_type", "text"),
    [
        (b"a\x1b[31m  b\r\n\r\nc", "text/plain", "a [31m b c"),
        (b"<!DOCTYPE html><title>No</title><script>x()</script><p>a<b>b</b>", "", "No a b"),
        ("größe".encode("latin-1"), "text/plain; charset=latin-1", "größe"),
        (b"x\xff", "text/plain; charset=unheard-of", "x\ufffd"),
        (b"\x00\x01binary", "application/octet-stream", ""),
        (b"y" * 500, "text/plain", "y" * 199 + "…"),
    ],
)
def test_excerpt(body, content_type, text):
    """One line of printable text without markup, at most 200 characters."""
    answer = HttpAnswer(
        method="GET",
        target="GET h/",
        status=500,
        headers=httpx.Headers({"Content-Type": content_type}),
        body=body,
        complete=True,
    )

    assert text == excerpt(answer)
