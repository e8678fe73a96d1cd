"""Checks the templates of a config: syntax, filters, and that each reference can exist when the action runs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from catalog_compiler.actions import action_types
from catalog_compiler.checks.strings import strings_in
from catalog_compiler.findings import Finding, did_you_mean
from catalog_compiler.templates import ROOTS, TemplateSyntaxError, check_filters, has_template, parse, path_text

if TYPE_CHECKING:
    from catalog_compiler.actions import ActionType
    from catalog_compiler.checks.dependencies import Graph
    from catalog_compiler.model import Action
    from catalog_compiler.problems import Code, Path

_HEADER = {
    **dict.fromkeys(("id", "name", "description", "version", "category", "owner"), frozenset[str]()),
    "sla": frozenset({"provisioning_time", "support_level"}),
}
_REQUEST = {
    **dict.fromkeys(("id", "timestamp", "catalog", "url"), frozenset[str]()),
    "user": frozenset({"email", "name", "roles", "organization"}),
}
_FILE_PARTS = frozenset({"filename", "content_type", "size", "content"})
_OPEN_TYPES = frozenset({"json", "yaml", "multi-selection"})
"""Field types whose values have parts that only a request can tell."""
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_SHELL_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")

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


def check_references(
    action_type: type[ActionType[Any]] | None, config: Mapping[str, Any], root: Path, known: Known
) -> Iterator[Finding]:
    """What is wrong with the templates in a raw config that stands at `root`."""
    for path, text in strings_in(config):
        if action_type is not None and action_type.literal(path):
            continue
        if "${" in text:
            yield from _shell_variables(text, (*root, *path))
        if has_template(text):
            yield from _check_template(text, (*root, *path), known)


def _check_template(text: str, path: Path, known: Known) -> Iterator[Finding]:
    try:
        template = parse(text)
    except TemplateSyntaxError as error:
        yield Finding(path=path, code="template-syntax", message=error.message, hint=error.hint, offset=error.offset)
        return
    for expression in template.expressions:
        complaint = _complaint(expression.reference, known)
        if complaint is not None:
            code, message, hint = complaint
            yield Finding(path=path, code=code, message=message, hint=hint, offset=expression.offset)
        for message, offset, hint in check_filters(expression):
            yield Finding(path=path, code="unknown-filter", message=message, hint=hint, offset=offset)


def _shell_variables(text: str, path: Path) -> Iterator[Finding]:
    for match in _SHELL_VARIABLE.finditer(text):
        yield Finding(
            path=path,
            code="suspicious-secret",
            message=f"'{match.group()}' is sent as it stands, and looks like a secret that should be filled in",
            hint=f"write {{{{env.{match.group(1)}}}}}",
            offset=match.start(),
        )


def _complaint(reference: Reference, known: Known) -> Complaint | None:
    root, rest = reference[0], reference[1:]
    if root not in ROOTS:
        return (
            "unknown-reference",
            f"'{path_text(reference)}' is nothing that a template knows",
            did_you_mean(str(root), ROOTS),
        )
    if not rest:
        return "unknown-reference", f"'{root}' alone is not a value; say which one, as in {root}.name", None
    if root == "fields":
        return _field_complaint(reference, known.field_types)
    if root == "response":
        return _response_complaint(reference, known)
    if root == "header":
        return _header_complaint(reference)
    if root == "request":
        return _keyed_complaint(reference, _REQUEST, "unknown-reference", "a request")
    if len(rest) > 1 or not _VARIABLE.match(str(rest[0])):
        message = f"'{path_text(reference)}' does not name a variable; letters, digits and underscores make its name"
        return "unknown-reference", message, None
    return None


def _field_complaint(reference: Reference, types: Mapping[str, str]) -> Complaint | None:
    name, parts = str(reference[1]), reference[2:]
    field_type = types.get(name)
    if field_type is None:
        return (
            "unknown-field-reference",
            f"'{path_text(reference)}' is not a field of this item",
            _suggestion("fields", name, types),
        )
    if not parts or field_type in _OPEN_TYPES:
        return None
    if field_type == "file":
        if len(parts) == 1 and parts[0] in _FILE_PARTS:
            return None
        hint = did_you_mean(str(parts[0]), _FILE_PARTS)
        return "unknown-field-reference", f"'{path_text(reference)}' is not a part of a file", hint
    message = f"'{path_text(reference)}' asks for a part of '{name}', and a {field_type} has no parts"
    return "unknown-field-reference", message, f"write fields.{name}"


def _header_complaint(reference: Reference) -> Complaint | None:
    if reference[1] == "tags" and all(isinstance(part, int) for part in reference[2:3]) and len(reference) <= 3:
        return None
    return _keyed_complaint(reference, {"tags": frozenset(), **_HEADER}, "unknown-header-reference", "the header")


def _keyed_complaint(reference: Reference, keys: Mapping[str, Set[str]], code: Code, owner: str) -> Complaint | None:
    """Check a reference to a fixed set of keys, some of which have parts."""
    root, key, parts = reference[0], str(reference[1]), reference[2:]
    inner = keys.get(key)
    if inner is None:
        return code, f"'{path_text(reference)}' is not a value of {owner}", _suggestion(str(root), key, keys)
    if not parts or parts[0] in inner:
        return None
    hint = _suggestion(f"{root}.{key}", str(parts[0]), inner) if inner else f"write {root}.{key}"
    return code, f"'{path_text(reference)}' is not a value of {owner}", hint


def _response_complaint(reference: Reference, known: Known) -> Complaint | None:
    name, parts = str(reference[1]), reference[2:]
    if name not in known.actions:
        return (
            "unknown-response-reference",
            f"'{path_text(reference)}': no action of this list is called '{name}'",
            _suggestion("response", name, known.actions),
        )
    if name == known.action and not known.undoing:
        message = f"'{path_text(reference)}' is this action's own response, which only its rollback can use"
        return "response-not-available", message, "refer to an action that runs before this one"
    if not known.ran(name):
        return (
            "response-not-available",
            f"'{path_text(reference)}' is not there yet: '{name}' does not surely run before this action",
            f"move it after '{name}', or let it wait with depends_on: [{name}]",
        )
    outputs = _outputs(known.actions[name])
    if parts and outputs is not None and parts[0] not in outputs:
        return (
            "unknown-response-reference",
            f"'{path_text(reference)}': '{name}' has no output '{parts[0]}'",
            _suggestion(f"response.{name}", str(parts[0]), outputs),
        )
    return None


def _outputs(action: Action) -> frozenset[str] | None:
    action_type = action_types().get(action.type)
    return action_type.outputs(action.config) if action_type is not None else None


def _suggestion(prefix: str, word: str, known: Set[str] | Mapping[str, Any]) -> str | None:
    return did_you_mean(f"{prefix}.{word}", [f"{prefix}.{name}" for name in known])
