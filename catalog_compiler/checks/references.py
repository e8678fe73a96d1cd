"""What a template's reference may name: each must be able to exist when the action runs."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from catalog_compiler.actions import action_types
from catalog_compiler.findings import did_you_mean, listed, nearest
from catalog_compiler.templates import ROOTS, path_text

if TYPE_CHECKING:
    from catalog_compiler.checks.dependencies import Graph
    from catalog_compiler.model import Action
    from catalog_compiler.problems import Code

_HEADER = {
    **dict.fromkeys(("id", "name", "description", "version", "category", "owner", "tags"), frozenset[str]()),
    "sla": frozenset({"provisioning_time", "support_level"}),
}
_REQUEST = {
    **dict.fromkeys(("id", "timestamp", "catalog", "url"), frozenset[str]()),
    "user": frozenset({"email", "name", "roles", "organization"}),
}
_FILE_PARTS = frozenset({"filename", "content_type", "size", "content"})
_OPEN_TYPES = frozenset({"json", "yaml", "multi-selection"})
"""Field types whose values have parts that only a request can tell."""
_LONGEST = 100
"""Characters of a reference that a message shows."""
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")

Reference = tuple[str | int, ...]

Complaint = tuple["Code", str, str | None]
"""A code, a sentence and a hint."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the templates of one action may refer to: fields by id with their types, and actions by name."""

    field_types: Mapping[str, str]
    actions: Mapping[str, Action]
    graph: Graph
    action: str
    undoing: bool = False
    """True for the action's rollback, which may use the response of the action itself."""

    def ran(self, other: str) -> bool:
        """Whether the other action has surely ended before."""
        return (self.undoing and other == self.action) or other in self.graph.before(self.action)


def complaint(reference: Reference, known: Known) -> Complaint | None:
    """What is wrong with a reference, or None."""
    root = reference[0]
    if root not in _COMPLAINTS:
        message = f"'{_shown(reference)}' is nothing that a template knows"
        return "unknown-reference", message, did_you_mean(str(root), ROOTS)
    if len(reference) == 1:
        return "unknown-reference", f"'{root}' alone is not a value; say which one, as in {root}.name", None
    return _COMPLAINTS[root](reference, known)


def _shown(reference: Reference) -> str:
    return _cut(path_text(reference))


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _field_complaint(reference: Reference, known: Known) -> Complaint | None:
    name, parts, types = str(reference[1]), reference[2:], known.field_types
    field_type = types.get(name)
    if field_type is None:
        return (
            "unknown-field-reference",
            f"'{_shown(reference)}' is not a field of this item",
            _suggestion("fields", name, types) or "add the field",
        )
    if not parts or field_type in _OPEN_TYPES:
        return None
    if field_type == "file":
        if len(parts) == 1 and parts[0] in _FILE_PARTS:
            return None
        hint = did_you_mean(str(parts[0]), _FILE_PARTS)
        return "unknown-field-reference", f"'{_shown(reference)}' is not a part of a file", hint
    message = f"'{_shown(reference)}' asks for a part of '{name}', and a {field_type} has no parts"
    return "unknown-field-reference", message, f"write fields.{name}"


def _header_complaint(reference: Reference, _: Known) -> Complaint | None:
    key, parts = reference[1], reference[2:]
    if key == "tags" and len(parts) <= 1 and all(isinstance(part, int) for part in parts):
        return None
    return _keyed_complaint(reference, _HEADER, "unknown-header-reference", "the header")


def _request_complaint(reference: Reference, _: Known) -> Complaint | None:
    return _keyed_complaint(reference, _REQUEST, "unknown-reference", "a request")


def _variable_complaint(reference: Reference, _: Known) -> Complaint | None:
    if len(reference[1:]) == 1 and _VARIABLE.match(str(reference[1])):
        return None
    message = f"'{_shown(reference)}' does not name a variable; letters, digits and underscores make its name"
    return "unknown-reference", message, None


def _keyed_complaint(
    reference: Reference, keys: Mapping[str, AbstractSet[str]], code: Code, owner: str
) -> Complaint | None:
    """Check a reference to a fixed set of keys, some of which have parts."""
    root, key, parts = reference[0], str(reference[1]), reference[2:]
    inner = keys.get(key)
    if inner is None:
        return code, f"'{_shown(reference)}' is not a value of {owner}", _suggestion(str(root), key, keys)
    if not parts or parts[0] in inner:
        return None
    hint = _suggestion(f"{root}.{key}", str(parts[0]), inner) if inner else f"write {root}.{key}"
    return code, f"'{_shown(reference)}' is not a value of {owner}", hint


def _response_complaint(reference: Reference, known: Known) -> Complaint | None:
    name, parts = str(reference[1]), reference[2:]
    if name not in known.actions:
        return (
            "unknown-response-reference",
            f"'{_shown(reference)}': no action of this list is called '{_cut(name)}'",
            _suggestion("response", name, known.actions),
        )
    if name == known.action and not known.undoing:
        message = f"'{_shown(reference)}' is this action's own response, which only its rollback can use"
        return "response-not-available", message, "refer to an action that runs before this one"
    if not known.ran(name):
        return (
            "response-not-available",
            f"'{_shown(reference)}' is not there yet: '{name}' does not surely run before this action",
            f"move it after '{name}', or let it wait with depends_on: [{name}]",
        )
    outputs = _outputs(known.actions[name])
    if parts and outputs is not None and parts[0] not in outputs:
        return (
            "unknown-response-reference",
            f"'{_shown(reference)}': '{name}' has no output '{_cut(str(parts[0]))}'",
            _suggestion(f"response.{name}", str(parts[0]), outputs),
        )
    return None


def _outputs(action: Action) -> frozenset[str] | None:
    action_type = action_types().get(action.type)
    return action_type.outputs(action.config) if action_type is not None else None


def _suggestion(prefix: str, word: str, known: AbstractSet[str] | Mapping[str, Any]) -> str | None:
    near = nearest(word, known)
    if near is not None:
        return f"did you mean '{prefix}.{near}'?"
    return f"there are {listed([f'{prefix}.{name}' for name in known])}" if known else None


_COMPLAINTS: Mapping[str | int, Callable[[Reference, Known], Complaint | None]] = {
    "fields": _field_complaint,
    "header": _header_complaint,
    "request": _request_complaint,
    "response": _response_complaint,
    "env": _variable_complaint,
}
"""By the first part of a reference."""
