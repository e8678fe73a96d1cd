"""Writes the file that an item starts from: valid as it is, with comments that say what to change."""

from __future__ import annotations

import json
from collections.abc import Sequence
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel

from catalog_compiler.actions import ActionType

_HEADER = """\
# A service of the catalog. Check it with: pao validate
header:
  # Unique in the catalog, and for ever: requests and links name it.
  id: {id}
  # What people read in the catalog.
  name: {name}
  description: Say in a sentence what one gets.
  # Semantic version: raise it with every change, the first number where old requests would be refused.
  version: 0.1.0
  category: {category}
  # The team that answers for it.
  owner: my-team

# The form. Fields are shown by their order; templates use them as fields.<id>.
presentation:
  groups:
    - id: basics
      name: Basics
      order: 1
      fields:
        - id: name
          name: Name
          description: Small letters, digits and hyphens.
          type: string
          order: 1
          required: true
          validation:
            min: 3
            max: 40
            pattern: "^[a-z][a-z0-9-]*$"
        - id: environment
          name: Environment
          type: selection
          order: 2
          required: true
          default: development
          options:
            - {{value: development, label: Development}}
            - {{value: production, label: Production}}
        - id: justification
          name: Why production needs it
          type: text
          order: 3
          required: true
          # Shown and asked for only where this is true.
          conditional: {{field: environment, operator: eq, value: production}}

fulfillment:
  # How people do it; every item has this.
  manual:
    description: Say who does it, and how one follows it.
    actions:
"""
_AUTOMATIC = """
  # How it is done without people. Actions run one after the other; if one fails, what was done is undone.
  automatic:
    on_failure: rollback
    actions:
"""
_ROLLBACK = """\
        # What undoes it. Here it may use its own outputs: {{response.<name of the action>.<output>}}
        # rollback:
        #   type: <an action type>
        #   config: {}
"""
_PLACEHOLDERS: dict[Any, Any] = {str: "change-me", int: 1, float: 1, bool: False, list: [], tuple: [], dict: {}}
_CONSTANTS = frozenset({"null", "true", "false"})
"""Words that YAML takes for a value of their own."""


def starting_file(
    item_id: str,
    category: str,
    manual: type[ActionType[Any]],
    automatic: Sequence[type[ActionType[Any]]],
) -> str:
    """The text of a new item with an action for each of the types, in their order."""
    name = item_id.replace("-", " ").capitalize()
    text = _HEADER.format(id=_scalar(item_id), name=_scalar(name), category=_scalar(category)) + _action(manual)
    if automatic:
        text += _AUTOMATIC + "\n".join(_action(kind) + _ROLLBACK for kind in automatic)
    return text


def example_config(kind: type[ActionType[Any]]) -> str:
    """A config of the type as YAML: its own example, or its required keys with something to change."""
    if kind.example:
        return kind.example
    required = {name: field for name, field in kind.Config.model_fields.items() if field.is_required()}
    values = {field.alias or name: _placeholder(field.annotation) for name, field in required.items()}
    return "".join(f"{key}: {json.dumps(value)}\n" for key, value in values.items()) or "{}\n"


def _action(kind: type[ActionType[Any]]) -> str:
    config = example_config(kind)
    lines = [f"# {kind.summary}", f"- type: {kind.name}"]
    if config == "{}\n":
        lines.append("  config: {}")
    else:
        lines += ["  config:", *(f"    {line}" if line else "" for line in config.splitlines())]
    return "".join(f"      {line}".rstrip() + "\n" for line in lines)


def _placeholder(annotation: Any) -> Any:
    """Something of the right kind."""
    origin = get_origin(annotation)
    if origin is Literal:
        return get_args(annotation)[0]
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        fields = annotation.model_fields.items()
        return {field.alias or name: _placeholder(field.annotation) for name, field in fields if field.is_required()}
    if (origin or annotation) in _PLACEHOLDERS:
        return _PLACEHOLDERS[origin or annotation]
    inner = [part for part in get_args(annotation) if part is not NoneType]
    return _placeholder(inner[0]) if inner else "change-me"


def _scalar(text: str) -> str:
    """A text as YAML; in quotes where it could be read as something else."""
    plain = text.replace(" ", "").replace("-", "")
    is_word = plain.isalnum() and plain.isascii() and plain[:1].isalpha()
    return text if is_word and text.lower() not in _CONSTANTS else json.dumps(text)
