"""What templates get for a submitted field value, by the field's type."""

from __future__ import annotations

import base64
import json
from typing import NoReturn

from pydantic import JsonValue

from catalog_compiler.field_types.files import read_data_url


def field_value(field_type: str, value: JsonValue) -> JsonValue:
    """The value as templates see it; it was validated when it was submitted.

    A `file` becomes `{filename, content_type, size, content}` with base64 content and its size in bytes, the text of a
    `json` or `yaml` field the value that it holds; others stay as they are.

    Raises:
        ValueError: if a file is not a data URL with a name, or a yaml text does not parse.
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
    file = read_data_url(url)
    return {
        "filename": file.filename,
        "content_type": file.content_type,
        "size": len(file.content),
        "content": base64.b64encode(file.content).decode("ascii"),
    }
