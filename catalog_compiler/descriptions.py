"""What the models say about their keys: the texts below their attributes, for editors and for the documentation.

Read from the source when asked for, so that validating pays nothing for it.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import pairwise
from typing import Any, get_args

from pydantic import BaseModel


@cache
def key_descriptions(model: type[BaseModel]) -> Mapping[str, str]:
    """A sentence for each key that has one, by the key as written in YAML."""
    found: dict[str, str] = {}
    for base in reversed(model.__mro__):
        if issubclass(base, BaseModel) and base is not BaseModel:
            found |= dict(_attribute_texts(base))
    found |= {name: field.description for name, field in model.model_fields.items() if field.description}
    return {field.alias or name: found[name] for name, field in model.model_fields.items() if name in found}


def models_of(root: type[BaseModel]) -> Mapping[str, type[BaseModel]]:
    """A model and all that its keys lead to, by class name, in the order in which they are met."""
    found = {root.__name__: root}
    pending = [root]
    while pending:
        for field in pending.pop(0).model_fields.values():
            for model in models_in(field.annotation):
                if model.__name__ not in found:
                    found[model.__name__] = model
                    pending.append(model)
    return found


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models that an annotation names, also inside unions, lists and mappings."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from models_in(part)


def _attribute_texts(model: type[BaseModel]) -> Iterator[tuple[str, str]]:
    """The text right below an attribute of the class, with the attribute's name."""
    try:
        source = textwrap.dedent(inspect.getsource(model))
    except (OSError, TypeError):
        return
    (definition,) = ast.parse(source).body
    for attribute, below in pairwise(definition.body if isinstance(definition, ast.ClassDef) else []):
        if (
            isinstance(attribute, ast.AnnAssign)
            and isinstance(attribute.target, ast.Name)
            and isinstance(below, ast.Expr)
            and isinstance(below.value, ast.Constant)
            and isinstance(below.value.value, str)
        ):
            yield attribute.target.id, inspect.cleandoc(below.value.value)
