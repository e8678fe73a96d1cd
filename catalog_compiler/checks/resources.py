"""Checks what actions say that they provision: each must have an id of its own, and show no secret."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING

from catalog_compiler.checks.strings import strings_in
from catalog_compiler.checks.templates import check_templates
from catalog_compiler.findings import Finding
from catalog_compiler.templates import Expression, TemplateSyntaxError, has_template, parse

if TYPE_CHECKING:
    from catalog_compiler.checks.references import Known
    from catalog_compiler.model import Resource
    from catalog_compiler.problems import Path


def check_resources(
    resources: tuple[Resource, ...], root: Path, known: Known, secret: AbstractSet[str]
) -> Iterator[Finding]:
    """What is wrong with the resources of an action, which stand at `root`; `secret` are the ids of secret fields."""
    seen: set[tuple[str, str]] = set()
    for position, resource in enumerate(resources):
        path = (*root, position)
        yield from check_templates(None, resource.model_dump(exclude={"type"}, exclude_none=True), path, known)
        yield from _without_variables(resource, path)
        yield from _shown_secrets(resource, path, secret)
        if not has_template(resource.id):
            yield Finding(
                path=(*path, "id"),
                code="invalid-value",
                message="this id would be the same for every request; write what tells them apart",
                hint=f"write {{{{response.{known.action}.id}}}}, or whatever the action answers",
            )
        elif (resource.type, resource.id) in seen:
            yield Finding(
                path=(*path, "id"),
                code="duplicate-id",
                message="another resource of this action has that type and id already; give each an id of its own",
            )
        seen.add((resource.type, resource.id))


def _without_variables(resource: Resource, path: Path) -> Iterator[Finding]:
    for place, text in strings_in(resource.model_dump(exclude={"type"}, exclude_none=True)):
        for expression in _expressions(text):
            if expression.reference[0] == "env":
                yield Finding(
                    path=(*path, *place),
                    code="unknown-reference",
                    message=f"'{expression.path}' can't be recorded: variables are known to running actions alone; "
                    "make it an output of the action",
                    offset=expression.offset,
                )


def _shown_secrets(resource: Resource, path: Path, secret: AbstractSet[str]) -> Iterator[Finding]:
    for key, text in (("id", resource.id), ("name", resource.name or "")):
        for expression in _expressions(text):
            root, *rest = expression.reference
            if root == "fields" and rest and rest[0] in secret:
                yield Finding(
                    path=(*path, key),
                    code="invalid-value",
                    message=f"'{expression.path}' is secret, and the {key} of a resource is shown; "
                    "put it under attributes, where it is masked",
                    offset=expression.offset,
                )


def _expressions(text: str) -> tuple[Expression, ...]:
    """The expressions of a string; of one that is no template none, since that is told elsewhere."""
    if not has_template(text):
        return ()
    try:
        return parse(text).expressions
    except TemplateSyntaxError:
        return ()
