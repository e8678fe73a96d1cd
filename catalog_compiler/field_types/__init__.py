"""What each field type means: its schema, its look in a form, its values, its definition, its place in conditions."""

from catalog_compiler.field_types.base import Fault, FaultCode, FieldType, Flaw, Schema
from catalog_compiler.field_types.definition import check_definition
from catalog_compiler.field_types.registry import FIELD_TYPES

__all__ = ["FIELD_TYPES", "Fault", "FaultCode", "FieldType", "Flaw", "Schema", "check_definition"]
