"""Checks an action's config against its type, as far as it is not templated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from catalog_compiler.checks.strings import strings_in
from catalog_compiler.document import value_at
from catalog_compiler.findings import Finding, did_you_mean
from catalog_compiler.model_problems import by_place, inner_model, known_keys
from catalog_compiler.sentences import is_kind_error, label, wants_text, wrong_kind, wrong_value
from catalog_compiler.templates import has_template

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from catalog_compiler.actions import ActionType, ConfigFacts
    from catalog_compiler.problems import Path


def check_config(
    action_type: type[ActionType[Any]], config: Mapping[str, Any], root: Path, facts: ConfigFacts
) -> Iterator[Finding]:
    """What the type finds wrong with a raw config that stands at `root`."""
    for path, text in strings_in(config):
        if action_type.literal(path) and has_template(text):
            yield Finding(
                path=(*root, *path),
                code="invalid-action-config",
                message=f"{label(path)} is never templated; write it out",
            )
    findings = list(_model_findings(action_type.Config, config, root))
    yield from findings
    if not findings:
        for problem in action_type.check(config, facts):
            yield Finding(
                path=(*root, *problem.path),
                code=problem.code,
                message=problem.message,
                hint=problem.hint,
            )


def _model_findings(model: type[BaseModel], config: Mapping[str, Any], root: Path) -> Iterator[Finding]:
    try:
        model.model_validate(config)
    except ValidationError as error:
        for path, found in by_place(error.errors(include_url=False), config).items():
            value = value_at(config, path)
            unknown = found[0]["type"] == "extra_forbidden"
            if unknown or not (isinstance(value, str) and has_template(value)):
                yield _finding(model, path, found, value, root)


def _finding(model: type[BaseModel], path: Path, found: list[ErrorDetails], value: Any, root: Path) -> Finding:
    error, hint, text = found[0], None, False
    if error["type"] == "missing":
        message = f"the key {label(path)} is missing here; add it"
    elif error["type"] == "extra_forbidden":
        message = f"{label(path)} is not a key of this config"
        hint = did_you_mean(str(path[-1]), known_keys(inner_model(model, path[:-1])))
    elif all(map(is_kind_error, found)):
        message, text = wrong_kind(path, found, value), wants_text(found, value)
    else:
        message = wrong_value(path, next(error for error in found if not is_kind_error(error)), value)
    return Finding(
        path=(*root, *path),
        code="invalid-action-config",
        message=message,
        hint=hint,
        at_key=error["type"] == "extra_forbidden",
        wants_text=text,
    )
