"""The registry of field types, one entry each: with `model.FieldTypeName`, all that a new type is added to."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from catalog_compiler.field_types.base import FieldType
from catalog_compiler.field_types.choices import MultiSelection, Selection
from catalog_compiler.field_types.dates import Date, Datetime
from catalog_compiler.field_types.files import File
from catalog_compiler.field_types.numbers import Boolean, Integer, Number
from catalog_compiler.field_types.structured import Json, Yaml
from catalog_compiler.field_types.texts import Email, Password, String, Text, Url

FIELD_TYPES: Mapping[str, FieldType] = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            String(),
            Text(),
            Integer(),
            Number(),
            Boolean(),
            Selection(),
            MultiSelection(),
            Date(),
            Datetime(),
            Email(),
            Url(),
            Password(),
            File(),
            Json(),
            Yaml(),
        )
    }
)
"""Every field type by its name in YAML."""
