"""Reads the values of fields from the command line, typed as the item's form has them."""

from __future__ import annotations

import argparse
import base64
import json
import mimetypes
import sys
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import quote

import yaml
from pydantic import JsonValue

from api_plugin.client_errors import FieldError
from api_plugin.commands.connected import UsageError, field_of
from api_plugin.commands.terminal import Terminal
from api_plugin.datamodels.catalog import SchemaAnswer

_TRUE, _FALSE = {"true", "yes", "on", "1"}, {"false", "no", "off", "0"}


def add_fields(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that hold values."""
    parser.add_argument(
        "-f",
        "--field",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        help="a value; a list is JSON or given by several -f, a file is @PATH; KEY alone asks for it, "
        "hidden where it is secret",
    )
    parser.add_argument(
        "--fields", metavar="FILE", help="a JSON or YAML file with values by field; - reads JSON from standard input"
    )


class FormFields:
    """The fields of an item's form, wherever they stand in its schema."""

    def __init__(self, form: SchemaAnswer) -> None:
        self._schemas = dict(_fields_of(form.json_schema))
        self._widgets = form.ui_schema
        order = form.ui_schema.get("ui:order", [])
        self.ids = [name for name in order if name in self._schemas] or list(self._schemas)

    def schema(self, field: str) -> Mapping[str, Any]:
        """The schema of a field; raises UsageError where there is none of that name."""
        if field not in self._schemas:
            near = get_close_matches(field, self._schemas, 1)
            meant = f"did you mean '{near[0]}'?" if near else f"there are {', '.join(self.ids) or 'none'}"
            raise UsageError(f"'{field}' is not a field of this item; {meant}")
        return self._schemas[field]

    def is_secret(self, field: str) -> bool:
        """Whether nobody shall see what is typed."""
        return bool(self.schema(field).get("writeOnly")) or self._widget(field) == "password"

    def is_file(self, field: str) -> bool:
        """Whether the field takes a file."""
        return self._widget(field) == "file"

    def kind(self, field: str) -> str:
        """What the field takes, as people call it."""
        if self.is_file(field):
            return "file"
        schema = self.schema(field)
        if "enum" in schema:
            return "one of " + ", ".join(str(value) for value in schema["enum"])
        if schema.get("type") == "array":
            choices = schema.get("items", {}).get("enum")
            return f"some of {', '.join(str(value) for value in choices)}" if choices else "list"
        return str(schema.get("format") or schema.get("type") or "JSON")

    def value(self, field: str, text: str) -> JsonValue:
        """The value that a text stands for. What it can't be read as is sent as it is: the API says what is wrong."""
        if self.is_file(field):
            return _file(field, text)
        return self._typed(field, text)

    def _typed(self, field: str, text: str) -> JsonValue:
        schema = self.schema(field)
        kind = schema.get("type")
        if kind == "string":
            return text
        if kind == "boolean":
            word = text.strip().lower()
            return True if word in _TRUE else False if word in _FALSE else text
        if kind == "array" and not text.lstrip().startswith("["):
            return [_typed_entry(schema, entry.strip()) for entry in text.split(",")] if text else []
        return _json_or_text(text)

    def _widget(self, field: str) -> str | None:
        ui = self._widgets.get(field)
        return ui.get("ui:widget") if isinstance(ui, dict) else None


def given_fields(args: argparse.Namespace, fields: FormFields, terminal: Terminal) -> dict[str, JsonValue]:
    """The values of `--fields`, and over them those of `-f`; raises UsageError."""
    values = _from_file(args.fields)
    several: dict[str, list[JsonValue]] = {}
    for pair in args.field:
        name, equals, text = pair.partition("=")
        if not equals:
            values[name] = asked(fields, name, terminal)
            continue
        several.setdefault(name, []).append(fields.value(name, text))
    return values | {name: _one(fields, name, given) for name, given in several.items()}


def missing(errors: Sequence[FieldError]) -> list[str]:
    """The fields whose only fault is that they were not given; none where anything else is wrong."""
    if any(error.code != "required" or not error.pointer.startswith("/fields/") for error in errors):
        return []
    return [field_of(error.pointer) for error in errors]


def asked(fields: FormFields, name: str, terminal: Terminal) -> JsonValue:
    """A value that a person types; raises UsageError where none is there."""
    schema = fields.schema(name)
    if not terminal.can_ask:
        raise UsageError(f"'{name}' has no value: write -f {name}=..., since there is no terminal to ask at")
    question = f"{schema.get('title', name)} ({name}, {fields.kind(name)})"
    if fields.is_secret(name):
        return fields.value(name, terminal.ask_secret(question))
    text = terminal.ask(f"{question}, a path" if fields.is_file(name) else question)
    return fields.value(name, f"@{text}" if fields.is_file(name) and text else text)


def _fields_of(schema: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Fields without a condition, then those that stand in a condition's `then`."""
    yield from schema.get("properties", {}).items()
    for condition in schema.get("allOf", ()):
        yield from _fields_of(condition.get("then", {}))


def _one(fields: FormFields, name: str, given: list[JsonValue]) -> JsonValue:
    if fields.schema(name).get("type") == "array":
        return [entry for value in given for entry in (value if isinstance(value, list) else [value])]
    if len(given) > 1:
        raise UsageError(f"'{name}' is given {len(given)} times, and takes one value")
    return given[0]


def _typed_entry(schema: Mapping[str, Any], text: str) -> JsonValue:
    return text if schema.get("items", {}).get("type", "string") == "string" else _json_or_text(text)


def _json_or_text(text: str) -> JsonValue:
    try:
        value: JsonValue = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return text
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number of JSON")


def _file(field: str, text: str) -> str:
    """A file as forms send it: a data URL with its name."""
    if text.startswith("data:"):
        return text
    if not text.startswith("@"):
        raise UsageError(f"'{field}' takes a file; write its path behind an @: -f {field}=@{text or 'PATH'}")
    path = Path(text[1:])
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(f"'{field}': '{path}' can't be read: {error.strerror}") from error
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return f"data:{kind};name={quote(path.name, safe='')};base64,{base64.b64encode(content).decode()}"


def _read_text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"'{path}' can't be read: {getattr(error, 'strerror', None) or error}") from error


def _from_file(name: str | None) -> dict[str, JsonValue]:
    if name is None:
        return {}
    text = sys.stdin.read() if name == "-" else _read_text(name)
    try:
        values = yaml.safe_load(text) if name.endswith((".yaml", ".yml")) else json.loads(text)
        json.dumps(values, allow_nan=False)
    except (ValueError, TypeError, RecursionError, yaml.YAMLError) as error:
        raise UsageError(f"'{name}' does not hold values as JSON has them: {error}") from error
    if not isinstance(values, dict) or not all(isinstance(key, str) for key in values):
        raise UsageError(f'\'{name}\' must hold an object with a key for each field, such as {{"name": "orders"}}')
    return values
