"""Checks the templates of a config: syntax, filters, references, and what looks like a template but is none."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from catalog_compiler.checks.references import Known, complaint
from catalog_compiler.checks.strings import strings_in
from catalog_compiler.findings import Finding
from catalog_compiler.templates import TemplateSyntaxError, check_filters, has_template, parse

if TYPE_CHECKING:
    from catalog_compiler.actions import ActionType
    from catalog_compiler.problems import Path

_SHELL_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


def check_templates(
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
        found = complaint(expression.reference, known)
        if found is not None:
            code, message, hint = found
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
