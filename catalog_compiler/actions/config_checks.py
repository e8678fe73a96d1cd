"""What an action type is told of a config that it checks, and what it finds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from catalog_compiler.plan import Mode
from catalog_compiler.problems import Path


@dataclass(frozen=True, kw_only=True, slots=True)
class ConfigProblem:
    """A problem in an action's config that its type found; `path` counts from the config's root."""

    path: Path
    message: str
    hint: str | None = None
    code: Literal["invalid-action-config", "suspicious-secret"] = "invalid-action-config"
    """`suspicious-secret` is a warning: a credential that everyone who can read the catalog sees."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ConfigFacts:
    """What a type may know of the item while it checks a config."""

    field_types: Mapping[str, str]
    """The item's fields: id to field type (`string`, `selection`, ...)."""
    mode: Mode = "automatic"
    """The way of fulfillment that the action belongs to."""
    undoing: bool = False
    """True where the config is a rollback's."""
