"""Checks of the ways to fulfill a request: action types, names, order, and each action's config and templates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from catalog_compiler.actions import ConfigFacts, UnknownActionTypeError, action_types
from catalog_compiler.checks.configs import check_config
from catalog_compiler.checks.dependencies import Graph, check_dependencies
from catalog_compiler.checks.references import Known
from catalog_compiler.checks.resources import check_resources
from catalog_compiler.checks.templates import check_templates
from catalog_compiler.findings import Finding, did_you_mean
from catalog_compiler.model import named_actions
from catalog_compiler.planning import undo_config
from catalog_compiler.sentences import shown

if TYPE_CHECKING:
    from catalog_compiler.model import Action, Fulfillment, Item, Retry, Rollback
    from catalog_compiler.plan import Mode
    from catalog_compiler.problems import Path


def check_fulfillments(item: Item) -> Iterator[Finding]:
    """What is wrong with the manual and the automatic fulfillment."""
    facts = ConfigFacts(field_types={field.id: field.type for field in item.fields})
    secret = frozenset(field.id for field in item.fields if field.secret)
    ways: dict[Mode, Fulfillment | None] = {"manual": item.fulfillment.manual, "automatic": item.fulfillment.automatic}
    for mode, fulfillment in ways.items():
        if fulfillment is not None:
            yield from _check_fulfillment(fulfillment, ("fulfillment", mode), replace(facts, mode=mode))
            yield from _check_resources(fulfillment, ("fulfillment", mode), facts.field_types, secret)


def _check_resources(
    fulfillment: Fulfillment, root: Path, field_types: Mapping[str, str], secret: frozenset[str]
) -> Iterator[Finding]:
    named = named_actions(fulfillment.actions)
    actions, graph = dict(named), Graph.of(named)
    for position, (name, action) in enumerate(named):
        # As in its rollback, the action's own response is there.
        known = Known(field_types, actions, graph, name, undoing=True)
        yield from check_resources(action.resources, (*root, "actions", position, "resources"), known, secret)


def _check_fulfillment(fulfillment: Fulfillment, root: Path, facts: ConfigFacts) -> Iterator[Finding]:
    if fulfillment.on_failure == "escalate" and facts.mode == "manual":
        yield Finding(
            path=(*root, "on_failure"),
            code="invalid-value",
            message="'escalate' leads to the manual fulfillment, so it has no meaning here; write rollback or hold",
        )
    named = named_actions(fulfillment.actions)
    graph = Graph.of(named)
    yield from _duplicate_names(named, root)
    yield from check_dependencies(named, graph, root)
    actions = dict(named)
    for position, (name, action) in enumerate(named):
        path = (*root, "actions", position)
        own = list(_check_step(action, action.config, path, facts, Known(facts.field_types, actions, graph, name)))
        yield from own
        yield from _check_retry(action.retry, path)
        if action.rollback is not None:
            known = Known(facts.field_types, actions, graph, name, undoing=True)
            found = _check_rollback(action, action.rollback, path, facts, known)
            yield from (finding for finding in found if finding not in own)


def _check_rollback(
    action: Action, rollback: Rollback, path: Path, facts: ConfigFacts, known: Known
) -> Iterator[Finding]:
    """Its type may complete its config from the action's: what is wrong with such a key is told of the action."""
    inner = (*path, "rollback")
    config = _undo_config(action)
    for finding in _check_step(rollback, config, inner, replace(facts, undoing=True), known):
        key = finding.path[len(inner) + 1 : len(inner) + 2]
        taken_over = key and key[0] in config and key[0] not in rollback.config and key[0] in action.config
        yield replace(finding, path=(*path, *finding.path[len(inner) :])) if taken_over else finding
    yield from _check_retry(rollback.retry, inner)


def _undo_config(action: Action) -> Mapping[str, Any]:
    """What the rollback runs with: its type may complete what the item says."""
    try:
        return undo_config(action)
    except UnknownActionTypeError:
        return {}


def _check_step(
    step: Action | Rollback, config: Mapping[str, Any], path: Path, facts: ConfigFacts, known: Known
) -> Iterator[Finding]:
    """What an action and its rollback have in common: a type and a config, which is checked as it would run."""
    action_type = action_types().get(step.type)
    if action_type is None:
        yield Finding(
            path=(*path, "type"),
            code="unknown-action-type",
            message=f"no action type {shown(step.type)} is installed; installed are {', '.join(action_types())}",
            hint=did_you_mean(step.type, action_types()),
        )
    else:
        yield from check_config(action_type, config, (*path, "config"), facts)
    yield from check_templates(action_type, step.config, (*path, "config"), known)


def _duplicate_names(named: tuple[tuple[str, Action], ...], root: Path) -> Iterator[Finding]:
    seen: set[str] = set()
    for position, (name, action) in enumerate(named):
        if name in seen:
            path = (*root, "actions", position)
            yield Finding(
                path=(*path, "name") if action.name is not None else path,
                code="duplicate-action-name",
                message=f"another action of this list is called '{name}' already; give each a name of its own",
            )
        seen.add(name)


def _check_retry(retry: Retry | None, path: Path) -> Iterator[Finding]:
    if retry is not None and "max_delay" in retry.model_fields_set and retry.max_delay < retry.delay:
        yield Finding(
            path=(*path, "retry", "max_delay"),
            code="invalid-range",
            message=f"max_delay {retry.max_delay:g} is less than delay {retry.delay:g}; raise it",
        )
