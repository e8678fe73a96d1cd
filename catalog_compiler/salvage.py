"""Makes the most of an item whose model is wrong or has holes, so that one run reports what else is wrong with it.

The wrong parts are left out or replaced by stand-ins; findings that may come from those are not told.
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from catalog_compiler.document import value_at
from catalog_compiler.model import Item
from catalog_compiler.model_problems import inner_model, known_keys, meant_key, model_findings
from catalog_compiler.yaml_reader import UNKNOWN_KEY

if TYPE_CHECKING:
    from catalog_compiler.findings import Finding
    from catalog_compiler.problems import Code, Path

_ROUNDS = 3
_MOST = 100
"""A file with more wrong parts than this is not worth guessing about."""
_FIELD_LEVEL = 5
"""Length of a field's path: presentation, groups, a group, fields, a field."""

_ABOUT_FIELDS: frozenset[Code] = frozenset(
    {"unknown-field-reference", "unknown-condition-field", "invalid-condition", "condition-cycle"}
)
_ABOUT_ACTIONS: frozenset[Code] = frozenset(
    {"unknown-response-reference", "response-not-available", "unknown-dependency", "dependency-cycle"}
)
_ABOUT_KEYS: frozenset[Code] = frozenset({"missing-key", "missing-section", "invalid-action-config"})
_TEXTS = {"version": "0.0.0", "type": "json"}
_MAKE_FIELDS = frozenset(
    {"presentation", "groups", "fields", "id", "type", "validation", "enum", "options", UNKNOWN_KEY}
)
_MAKE_ACTIONS = frozenset({"fulfillment", "manual", "automatic", "actions", "name", "type", "depends_on", UNKNOWN_KEY})
_STAND_INS: dict[str, Any] = {"attempts": 0, "actions": [{"type": "unreadable"}]}


@dataclass(frozen=True, kw_only=True, slots=True)
class Salvaged:
    """An item that is complete but for the parts at `damaged`."""

    item: Item
    damaged: frozenset[Path]

    def tells(self, finding: Finding) -> bool:
        """Whether the finding is about what the author wrote, not about a stand-in or what is left around one."""
        if follows(finding, self.damaged) or any(path[: len(finding.path)] == finding.path for path in self.damaged):
            return False
        fields = {path[:_FIELD_LEVEL] for path in self.damaged if path[0] == "presentation"}
        if finding.path[:_FIELD_LEVEL] in fields:
            return False
        if finding.code in _ABOUT_FIELDS:
            return not self._touches("presentation", _MAKE_FIELDS)
        if finding.code == "unknown-response-reference" and any("config" in path for path in self.damaged):
            return False
        return not (finding.code in _ABOUT_ACTIONS and self._touches("fulfillment", _MAKE_ACTIONS))

    def _touches(self, section: str, keys: frozenset[str]) -> bool:
        """Whether damage in a section, but for configs, may hide what references look for."""
        return any(
            path[0] == section and "config" not in path and (path[-1] in keys or isinstance(path[-1], int))
            for path in self.damaged
        )


def follows(finding: Finding, damaged: Collection[Path]) -> bool:
    """Whether a finding is about a damaged part, or about a key that an unreadable part of its mapping may hold."""
    path = finding.path
    if not damaged:
        return False
    inside = any(path[:length] in damaged for length in range(1, len(path) + 1))
    return inside or (finding.code in _ABOUT_KEYS and (*path[:-1], UNKNOWN_KEY) in damaged)


def salvage(data: Any, findings: Iterable[Finding], holes: Iterable[Path] = ()) -> Salvaged | None:
    """The item that `data` would be without what the findings of its model tell, or None where nothing is left.

    `holes` are parts of it that could not be read.
    """
    found = list(findings)
    if not isinstance(data, dict) or len(found) > _MOST:
        return None
    data = copy.deepcopy(data)
    damaged: set[Path] = set()
    for path in sorted(holes, key=len, reverse=True):
        _repair(data, path, len(damaged))
        damaged.add(path)
    for _ in range(_ROUNDS):
        for finding in sorted(found, key=lambda finding: len(finding.path), reverse=True):
            meant = meant_key(finding.path, data) if finding.code == "unknown-key" else None
            _repair(data, finding.path, len(damaged))
            if finding.code != "unknown-key":
                damaged.add(finding.path)
            elif meant is not None:
                damaged.add(meant)
        try:
            return Salvaged(item=Item.model_validate(data), damaged=frozenset(damaged))
        except ValidationError as error:
            found = list(model_findings(error.errors(include_url=False), data))
    return None


def _repair(data: Any, path: Path, number: int) -> None:
    """Leave out what stands at `path`, or put a stand-in there where something must stand."""
    parent, key = value_at(data, path[:-1]), path[-1]
    if isinstance(parent, list) and isinstance(key, int):
        parent[key] = _stand_in(inner_model(Item, path), str(path[-2]), number)
    elif isinstance(parent, dict) and isinstance(key, str):
        if known_keys(inner_model(Item, path[:-1])).get(key):
            parent[key] = _stand_in(inner_model(Item, path), key, number)
        else:
            parent.pop(key, None)


def _stand_in(model: type[BaseModel] | None, key: str, number: int) -> Any:
    """A valid value for a required key; `number` keeps ids and orders apart."""
    if key == "order":
        return 1_000_000 + number
    if key == "id":
        return f"unreadable{number}"
    if key == "groups":
        return [_stand_in(inner_model(Item, ("presentation", "groups")), "", number)]
    if key in _STAND_INS:
        return _STAND_INS[key]
    if model is None:
        return _TEXTS.get(key, "unreadable")
    required = (name for name, needed in known_keys(model).items() if needed)
    return {name: _stand_in(inner_model(model, (name,)), name, number) for name in required}
