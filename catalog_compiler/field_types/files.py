"""Fields that take a file, as the data URL with its name that form libraries give."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from pydantic import JsonValue
from typing_extensions import override

from catalog_compiler.content_types import contradiction
from catalog_compiler.data_urls import file_name
from catalog_compiler.field_types.base import Fault, FieldType, Flaw, Schema
from catalog_compiler.field_types.limits import count, count_flaws
from catalog_compiler.model import FieldTypeName, FormField
from catalog_compiler.patterns import compile_pattern
from catalog_compiler.server_rules import ServerRule

MAX_SIZE = 1_048_576
"""Bytes of a file whose field names no `max`, unless the platform has a limit of its own (`file_limit`)."""

_TOKEN = r"[A-Za-z0-9!#$&^_.+-]+"  # noqa: S105 - a token of RFC 2045
_VALUE = r"[A-Za-z0-9!#$&'()*+._~%@:=-]+"
_PARAMETERS = rf"(?:;{_TOKEN}={_VALUE})*"
DATA_URL = rf"^data:{_TOKEN}/{_TOKEN}{_PARAMETERS};name={_VALUE}{_PARAMETERS};base64,[A-Za-z0-9+/]*={{0,2}}$"
HEADER_MAX = 2048
"""Characters of a data URL before its content."""

_CONTENT_TYPE = re.compile(rf"{_TOKEN}/(?:{_TOKEN}|\*)")
_FORBIDDEN_IN_NAME = re.compile(r"[/\\\x00-\x1f\x7f]")


@dataclass(frozen=True, kw_only=True, slots=True)
class UploadedFile:
    """What a data URL holds. `content` is the file's bytes."""

    filename: str
    content_type: str
    content: bytes


def read_data_url(text: str) -> UploadedFile:
    """Take a data URL apart.

    Raises:
        ValueError: if it is no data URL with a name and content in base64; the message is an end of a sentence.
    """
    header, _, encoded = text.partition(",")
    if len(header) > HEADER_MAX or not compile_pattern(DATA_URL).search(text):
        raise ValueError(
            "must be a data URL with a name: data:text/plain;name=notes.txt;base64,... (name percent-encoded)"
        )
    content_type = header.removeprefix("data:").partition(";")[0]
    filename = file_name(header)
    if _FORBIDDEN_IN_NAME.search(filename) or filename in {".", ".."}:
        raise ValueError("must have a plain file name, without folders and control characters")
    try:
        content = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        raise ValueError("must have its content in whole base64; encode it again") from None
    return UploadedFile(filename=filename, content_type=content_type.lower(), content=content)


class File(FieldType):
    """A file; `min` and `max` are its size in bytes, at most 1 MiB unless configured.

    Its content, type and name are checked by the server alone.
    """

    name: ClassVar[FieldTypeName] = "file"
    operators = frozenset()
    validation_keys = frozenset({"min", "max", "content_types"})

    @override
    def schema(self, field: FormField) -> Schema:
        longest = HEADER_MAX + 1 + 4 * -(-self._largest(field) // 3)
        return {"type": "string", "pattern": DATA_URL, "maxLength": longest}

    @override
    def ui(self, field: FormField) -> Schema:
        ui: Schema = {"ui:widget": "file", "ui:help": f"At most {_size(self._largest(field))}."}
        if field.validation.content_types:
            ui["ui:options"] = {"accept": ",".join(field.validation.content_types)}
        return ui

    @override
    def faults(self, field: FormField, value: JsonValue, now: datetime | None) -> Iterator[Fault]:
        if not isinstance(value, str):
            yield Fault(code="wrong-type", text="must be a text: a data URL with a name")
            return
        largest = self._largest(field)
        if field.required and not value:
            yield Fault(code="required", text="must not be empty; choose a file")
        elif len(value) > HEADER_MAX + 1 + 4 * -(-largest // 3):
            yield Fault(code="too-large", text=f"must be at most {_size(largest)}; choose a smaller file")
        else:
            yield from self._content_faults(field, value)

    @override
    def flaws(self, field: FormField) -> Iterator[Flaw]:
        yield from count_flaws(field, "bytes")
        for place, written in enumerate(field.validation.content_types or ()):
            if not _CONTENT_TYPE.fullmatch(written):
                message = f"'{written}' is no content type; write one such as 'text/plain' or 'image/*'"
                yield Flaw(("validation", "content_types", place), "invalid-value", message)

    def _content_faults(self, field: FormField, text: str) -> Iterator[Fault]:
        try:
            file = read_data_url(text)
        except ValueError as error:
            rule: ServerRule | None = "file-content" if compile_pattern(DATA_URL).search(text) else None
            yield Fault(code="invalid-format", text=str(error), rule=rule)
            return
        low, largest = count(field.validation.min) or 0, self._largest(field)
        if len(file.content) < low:
            advice = f"must be at least {_size(low)}; choose another file"
            yield Fault(code="too-small", text=advice, rule="file-content")
        if len(file.content) > largest:
            advice = f"must be at most {_size(largest)}; choose a smaller file"
            yield Fault(code="too-large", text=advice, rule="file-content")
        wanted = field.validation.content_types
        if wanted and not any(_is_of_type(file.content_type, one) for one in wanted):
            advice = f"must be a file of type {' or '.join(wanted)}"
            yield Fault(code="content-type", text=advice, rule="file-content")
        elif found := contradiction(file.content_type, file.content):
            advice = f"says it is {file.content_type[:100]}, but its content is {found}; send it as what it is"
            yield Fault(code="content-type", text=advice, rule="file-content")

    @staticmethod
    def _largest(field: FormField) -> int:
        high = count(field.validation.max)
        return MAX_SIZE if high is None else high


def _is_of_type(content_type: str, wanted: str) -> bool:
    wanted = wanted.lower()
    return content_type.startswith(wanted[:-1]) if wanted.endswith("/*") else content_type == wanted


def _size(count_of_bytes: int) -> str:
    """A size for people, exact."""
    for unit, factor in (("MiB", 1024**2), ("KiB", 1024)):
        if count_of_bytes and count_of_bytes % factor == 0:
            return f"{count_of_bytes // factor} {unit}"
    return f"{count_of_bytes} bytes"
