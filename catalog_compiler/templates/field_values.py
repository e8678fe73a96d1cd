"""What templates get for a submitted field value, by the field's type."""

from __future__ import annotations

import base64
import binascii
import json
from typing import NoReturn
from urllib.parse import unquote, unquote_to_bytes

from pydantic import JsonValue


def field_value(field_type: str, value: JsonValue) -> JsonValue:
    """The value as templates see it; it was validated when it was submitted.

    A `file` becomes `{filename, content_type, size, content}` with base64 content and its size in bytes, the text of a
    `json` or `yaml` field the value that it holds; others stay as they are.

    Raises:
        ValueError: if a file is not a data URL or a yaml text does not parse.
    """
    if not isinstance(value, str):
        return value
    match field_type:
        case "file":
            return _file(value)
        case "json":
            return _json(value)
        case "yaml":
            from catalog_compiler.document import parse_yaml_value

            return parse_yaml_value(value)
    return value


def _json(text: str) -> JsonValue:
    try:
        parsed: JsonValue = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return text
    return parsed


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _file(url: str) -> JsonValue:
    head, comma, data = url.partition(",")
    content_type, *parameters = head.removeprefix("data:").split(";")
    if not url.startswith("data:") or not comma:
        raise ValueError("the file is not a data URL")
    try:
        content = base64.b64decode(unquote(data), validate=True) if "base64" in parameters else unquote_to_bytes(data)
    except binascii.Error:
        raise ValueError("the file's data URL holds invalid base64") from None
    names = (unquote(text.removeprefix("name=")) for text in parameters if text.startswith("name="))
    return {
        "filename": next(names, None),
        "content_type": content_type or "text/plain",
        "size": len(content),
        "content": base64.b64encode(content).decode("ascii"),
    }
