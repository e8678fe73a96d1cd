"""Terraform's outputs as an action's, with what is secret among them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import JsonValue

from catalog_compiler.actions import ActionContext, ActionResult
from pao_actions.secret_names import looks_secret
from pao_actions.terraform.root import OUTPUTS, SENSITIVE

Values = dict[str, tuple[JsonValue, bool]]
"""Output name to its value, and whether Terraform calls it sensitive."""


def read_outputs(document: bytes, call: str | None, declared: Mapping[str, bool]) -> Values:
    """The outputs of `terraform output -json`.

    Of a generated root, whose module's call is `call`, those of the module; `declared` says which of these are declared
    as sensitive. That alone is not enough: what is made of sensitive values is sensitive, declared so or not.
    """
    found = json.loads(document)
    if call is None:
        return {name: (output["value"], bool(output["sensitive"])) for name, output in found.items()}
    return module_values({name: output["value"] for name, output in found.items()}, declared)


def module_values(found: Mapping[str, Any], declared: Mapping[str, bool]) -> Values:
    """A module's outputs out of those of the generated root that calls it."""
    values, marked = found.get(OUTPUTS) or {}, found.get(SENSITIVE) or {}
    return {name: (value, marked.get(name) is not False or declared.get(name, False)) for name, value in values.items()}


def action_result(
    values: Values,
    plan: Mapping[str, JsonValue],
    listed: tuple[str, ...],
    context: ActionContext,
    *,
    url: str | None = None,
) -> ActionResult:
    """An action's outputs; the texts of secret ones are masked from now on."""
    for name in listed:
        if name not in values:
            context.log.warning("terraform_no_such_output", output=name, outputs=", ".join(sorted(values)))
    secret = {name for name, (_, sensitive) in values.items() if sensitive or name in listed or looks_secret(name)}
    context.secrets.add(*(text for name in sorted(secret) for text in _texts(values[name][0])))
    outputs: dict[str, JsonValue] = {
        "outputs": {name: value for name, (value, _) in values.items()},
        "plan": dict(plan),
    }
    if url is not None:
        outputs["run_url"] = url
    return ActionResult(outputs=outputs, sensitive=frozenset(f"outputs.{name}" for name in secret), url=url)


def plan_counts(summary: Mapping[str, Any]) -> dict[str, JsonValue]:
    """The output `plan`."""
    names = {"added": "add", "changed": "change", "destroyed": "remove"}
    return {name: int(summary.get(count, 0)) for name, count in names.items()}


def _texts(value: JsonValue) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for part in parts:
        yield from _texts(part)
