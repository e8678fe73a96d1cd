"""Judges what a target answered: success, an error that may pass, or a final one."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from html.parser import HTMLParser

import httpx
from pydantic import JsonValue

from pao_actions.exceptions import PermanentError, TemporaryError

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing at the target."""

_TEMPORARY = frozenset({408, 425, 429})
_EXCERPT_LENGTH = 200
_EXCERPT_SOURCE_BYTES = 16_384


@dataclass(frozen=True, kw_only=True, slots=True)
class HttpAnswer:
    """An answer whose body was read up to a limit."""

    method: str
    target: str
    """Method, host and path for messages; no query, no credentials."""
    status: int
    headers: httpx.Headers
    body: bytes
    complete: bool
    """False where the body was longer than the limit."""
    url: str = field(default="", repr=False)
    """What was called, whole; not for messages."""
    mask: Callable[[str], str] = field(default=str, repr=False)
    """Takes secrets out of a text."""
    acted: bool = False
    """Whether the place from which a redirect led here may have changed something."""

    @property
    def effect_possible(self) -> bool:
        """Whether the call may have changed something, whatever the status says."""
        return self.acted or self.method not in SAFE_METHODS

    def wished_pause(self, now: datetime) -> float | None:
        """Seconds that its `Retry-After` asks to wait, if it does."""
        return retry_after(self.headers.get("Retry-After"), now)

    def json_object(self) -> dict[str, JsonValue]:
        """The JSON object that is its body; empty where it is none."""
        try:
            document = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return document if isinstance(document, dict) else {}


def require_success(answer: HttpAnswer, success_codes: Collection[int] | None, now: datetime) -> None:
    """Return where the status means success: one of `success_codes`, or 200 to 299 where that is None.

    Raises:
        TemporaryError: for 408, 425, 429 and 5xx.
        PermanentError: for every other status.
    """
    status = answer.status
    if status in success_codes if success_codes is not None else 200 <= status <= 299:  # noqa: PLR2004
        return
    message = f"{answer.target} answered {status}"
    if 300 <= status <= 399:  # noqa: PLR2004
        raise PermanentError(
            f"{message}, which is no address to go on to; write the final address into the item",
            effect_possible=answer.effect_possible,
        )
    if text := excerpt(answer):
        message = f"{message}: {text}"
    if status in _TEMPORARY or status >= 500:  # noqa: PLR2004
        raise TemporaryError(message, arrived=True, retry_after=answer.wished_pause(now))
    refused = status >= 300 and not answer.acted  # noqa: PLR2004
    raise PermanentError(message, effect_possible=answer.effect_possible and not refused)


def retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds that a `Retry-After` header asks to wait: a number, or a date compared with `now`; None if neither."""
    if value is None:
        return None
    if re.fullmatch(r"[0-9]{1,9}", value.strip()):
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max((moment - now).total_seconds(), 0.0)


def excerpt(answer: HttpAnswer) -> str:
    """The start of the body as one line of text, without HTML tags, at most 200 characters; empty for binary data."""
    text = _decoded(answer.body[:_EXCERPT_SOURCE_BYTES], answer.headers)
    if "html" in answer.headers.get("Content-Type", "").lower() or text.lstrip()[:9].lower().startswith(
        ("<!doctype", "<html")
    ):
        text = _html_text(text)
    # Before it is cut: half a secret would be found no more.
    text = answer.mask(text)
    line = " ".join("".join(character if character.isprintable() else " " for character in text).split())
    return line if len(line) <= _EXCERPT_LENGTH else line[: _EXCERPT_LENGTH - 1] + "…"


def _decoded(body: bytes, headers: httpx.Headers) -> str:
    if b"\0" in body:
        return ""
    charset = re.search(r"charset=\"?([\w-]+)", headers.get("Content-Type", ""))
    try:
        return body.decode(charset[1] if charset else "utf-8", "replace")
    except LookupError:
        return body.decode("utf-8", "replace")


def _html_text(document: str) -> str:
    collector = _TextCollector()
    collector.feed(document)
    return " ".join(collector.pieces)


class _TextCollector(HTMLParser):
    """Keeps a page's text, but not its scripts and styles."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - the parser's
        self._hidden += tag in ("script", "style")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("script", "style") and self._hidden > 0

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.pieces.append(data)
