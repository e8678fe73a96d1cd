"""Fields that hold structured data: json, yaml. That a text parses is checked by the server alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar, NoReturn

from pydantic import JsonValue
from typing_extensions import override

from catalog_compiler.field_types.base import Fault, FieldType, Flaw, Schema
from catalog_compiler.field_types.limits import count, count_flaws
from catalog_compiler.field_types.texts import Text, length_faults
from catalog_compiler.field_types.value_schema import schema_problem, value_problem
from catalog_compiler.field_types.values import MAX_DEPTH, depth, is_finite, is_number, plain_values, storable
from catalog_compiler.model import FieldTypeName, FormField
from catalog_compiler.sealing import SEALED, is_sealed


def parse_json(text: str) -> JsonValue:
    """Read a JSON text as RFC 8259 has it: no NaN and no infinity.

    Raises:
        ValueError: if it is not JSON, or too deep or too large to read.
    """

    def refuse(constant: str) -> NoReturn:
        raise ValueError(f"{constant} is not JSON")

    try:
        value: JsonValue = json.loads(text, parse_constant=refuse)
    except RecursionError:
        raise ValueError("too deep") from None
    return value


class Json(FieldType):
    """Any JSON value but null, or a text that parses; a value that is no text is as long as its shortest JSON text."""

    name: ClassVar[FieldTypeName] = "json"
    operators = frozenset()
    validation_keys = frozenset({"min", "max", "schema"})

    @override
    def schema(self, field: FormField) -> Schema:
        low, high = count(field.validation.min) or 0, count(field.validation.max)
        refused: list[Schema] = [{"type": "null"}, {"type": "string", "maxLength": max(low, 1) - 1}]
        if high is not None:
            refused.append({"type": "string", "minLength": high + 1})
        return {"not": {"anyOf": refused}}

    @override
    def ui(self, field: FormField) -> Schema:
        # Without a `type` a form library can't choose a field by itself: both are named as they are registered. For a
        # field that is named by `ui:field`, react-jsonschema-form would show no label.
        return {"ui:options": {"field": "StringField", "widget": "TextareaWidget"}, "ui:help": "JSON."}

    @override
    def schema_default(self, default: JsonValue) -> JsonValue:
        return default if isinstance(default, str) else json.dumps(default, indent=2, ensure_ascii=False)

    @override
    def faults(self, field: FormField, value: JsonValue, now: datetime | None) -> Iterator[Fault]:
        if isinstance(value, str):
            if field.required and not value:
                yield Fault(code="required", text="must not be empty; give a value")
                return
            yield from length_faults(field, value)
            try:
                value = parse_json(value)
            except ValueError:
                text = "must be JSON; check its quotes, commas and brackets"
                yield Fault(code="invalid-json", text=text, rule="parses")
                return
            yield from _value_faults(field, value)
        elif depth(value) > MAX_DEPTH:
            yield _too_deep()
        else:
            for fault in length_faults(field, json.dumps(value, separators=(",", ":"), ensure_ascii=False)):
                yield replace(fault, rule="json-value")
            yield from _value_faults(field, value)

    @override
    def flaws(self, field: FormField) -> Iterator[Flaw]:
        yield from count_flaws(field, "characters")
        schema = field.validation.json_schema
        problem = None if schema is None else schema_problem(schema)
        if problem:
            yield Flaw(("validation", "schema"), "invalid-value", f"the schema for the value {problem}")


class Yaml(Text):
    """A text in the YAML subset of the catalog."""

    name: ClassVar[FieldTypeName] = "yaml"
    operators = frozenset()
    validation_keys = frozenset({"min", "max"})

    @override
    def ui(self, field: FormField) -> Schema:
        return super().ui(field) | {"ui:help": "YAML."}

    @override
    def text_faults(self, field: FormField, text: str) -> Iterator[Fault]:
        from catalog_compiler.document import YamlSubsetError, parse_yaml_value

        try:
            parse_yaml_value(text)
        except YamlSubsetError as error:
            detail = "" if field.secret else f": {error}"
            text = f"must be YAML without anchors, tags and repeated keys{detail}"
            yield Fault(code="invalid-yaml", text=text, rule="parses")


def _too_deep() -> Fault:
    text = f"must have at most {MAX_DEPTH} levels of lists and objects"
    return Fault(code="too-deep", text=text, rule="json-value")


def _value_faults(field: FormField, value: Any) -> Iterator[Fault]:
    if depth(value) > MAX_DEPTH:
        yield _too_deep()
        return
    if is_sealed(value):
        text = f"must not be an object with '{SEALED}' alone; that is how secrets are stored"
        yield Fault(code="reserved-key", text=text, rule="json-value")
        return
    for part in plain_values(value):
        if isinstance(part, str) and not storable(part):
            text = "must not hold NUL characters or broken Unicode; remove them"
            yield Fault(code="invalid-characters", text=text, rule="characters")
            return
        if is_number(part) and not is_finite(part):
            text = "must not hold a number beyond 1.8e308, infinity or NaN"
            yield Fault(code="too-large", text=text, rule="double")
            return
    schema = field.validation.json_schema
    problem = None if schema is None else value_problem(schema, value, secret=field.secret)
    if problem:
        yield Fault(code="schema-mismatch", text=problem, rule="json-value")
