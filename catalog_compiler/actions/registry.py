"""The action types that are installed, by the entry point group `pao.actions`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.metadata import entry_points
from typing import Any

from catalog_compiler.actions.contract import ActionType


class UnknownActionTypeError(LookupError):
    """No installed package registers this action type; install the one that does, or correct `type`."""


@cache
def action_types() -> Mapping[str, type[ActionType[Any]]]:
    """All registered action types by name, from the entry point group `pao.actions`."""
    return {entry.name: entry.load() for entry in sorted(entry_points(group="pao.actions"))}


def action_type(name: str) -> type[ActionType[Any]]:
    """The registered type of that name.

    Raises:
        UnknownActionTypeError: if none is registered.
    """
    try:
        return action_types()[name]
    except KeyError:
        known = ", ".join(action_types())
        raise UnknownActionTypeError(f"action type '{name}' is not installed; installed are {known}") from None
