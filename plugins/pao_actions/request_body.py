"""The body of a request: which context its `Content-Type` makes it, and a structured body written for that type."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from pydantic import JsonValue

from catalog_compiler.encoding import Encoding
from catalog_compiler.templates import has_template
from catalog_compiler.templates.text import json_of, text_of
from pao_actions.exceptions import PermanentError

_DEFAULT_TYPE = "application/json"
_ENCODINGS = {
    "application/json": Encoding.JSON,
    "application/x-www-form-urlencoded": Encoding.FORM,
    "application/xml": Encoding.XML,
    "text/xml": Encoding.XML,
    "text/plain": Encoding.TEXT,
}
_SUFFIXES = {"+json": Encoding.JSON, "+xml": Encoding.XML}


def content_type(headers: object) -> str:
    """The media type that headers, raw or rendered, give a body: in lower case, without parameters; JSON by default."""
    if isinstance(headers, Mapping):
        for name, value in headers.items():
            if str(name).lower() == "content-type":
                return str(value).partition(";")[0].strip().lower()
    return _DEFAULT_TYPE


def body_encoding(media_type: str) -> Encoding | None:
    """How values are written into a body of that type; None for types into which they can't be written safely."""
    if has_template(media_type):
        return None
    suffix = next((encoding for ending, encoding in _SUFFIXES.items() if media_type.endswith(ending)), None)
    return _ENCODINGS.get(media_type, suffix)


def encoded_body(body: JsonValue, media_type: str) -> bytes:
    """A structured body as bytes.

    Raises:
        PermanentError: if that type has no form for this value.
    """
    match body_encoding(media_type):
        case Encoding.JSON:
            return json_of(body).encode("utf-8")
        case Encoding.FORM if isinstance(body, dict):
            return urlencode(list(_pairs(body)), quote_via=quote, safe="").encode("ascii")
    if isinstance(body, str):
        return body.encode("utf-8")
    raise PermanentError(f"a structured body can't be written as {media_type}; use JSON, a form, or 'body_template'")


def with_content_type(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers with the type of a body that has none said."""
    if any(name.lower() == "content-type" for name in headers):
        return dict(headers)
    return {"Content-Type": _DEFAULT_TYPE, **headers}


def _pairs(body: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in body.items():
        for entry in value if isinstance(value, list) else [value]:
            if entry is not None:
                yield name, text_of(entry)
