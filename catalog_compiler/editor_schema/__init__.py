"""The format as a JSON Schema for editors: draft-07, which VS Code's YAML server reads.

Made from the models and from what is registered, so that a new key, field type or action type shows up by itself. It
says less than `pao validate`: references, order and everything between two places of a file are not in it.
"""

from catalog_compiler.editor_schema.config_schema import config_schema
from catalog_compiler.editor_schema.item_schema import item_schema

__all__ = ["config_schema", "item_schema"]
