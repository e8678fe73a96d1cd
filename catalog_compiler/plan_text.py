"""Plans and previews as text for a terminal: which actions run in which order, how they are retried and undone."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence

from pydantic import JsonValue

from catalog_compiler.actions import action_type
from catalog_compiler.plan import ActionPlan, FulfillmentPlan, ItemPlan, RetryPlan
from catalog_compiler.previewing import PreviewedAction, PreviewedResource, PreviewedStep

_INDENT = "  "


def plan_text(plan: ItemPlan) -> str:
    """What an item becomes, without a line break at the end."""
    lines = [f"{plan.item_id} {plan.header['version']} (revision {plan.revision[:12]})"]
    for mode in plan.modes:
        lines += _indented(_fulfillment(mode, plan.fulfillment(mode)))
    return "\n".join(lines)


def preview_text(actions: Sequence[PreviewedAction]) -> str:
    """What a request would do, without a line break at the end."""
    lines: list[str] = []
    for position, action in enumerate(actions, start=1):
        lines.append(f"{position}. {action.name} ({action.type})")
        about = [action.description] if action.description else []
        about += ["skipped: its condition is false"] if action.skipped else _step(action)
        lines += _indented(about)
        if action.rollback is not None:
            lines += _indented([f"undone by {action.rollback.type}:", *_indented(_step(action.rollback))])
        for resource in action.resources:
            lines += _indented([f"records {resource.type}:", *_indented(_resource(resource))])
    return "\n".join(lines)


def _fulfillment(mode: str, fulfillment: FulfillmentPlan) -> Iterator[str]:
    policy = {"rollback": "undo what was done", "hold": "wait for a person", "escalate": "run the manual way"}
    yield f"{mode}: {fulfillment.description}" if fulfillment.description else f"{mode}:"
    settings = [f"on failure: {policy[fulfillment.on_failure]}"]
    settings += [f"at most {fulfillment.timeout:g} s"] if fulfillment.timeout is not None else []
    yield f"{_INDENT}{'; '.join(settings)}"
    previous: str | None = None
    for position, action in enumerate(fulfillment.actions, start=1):
        yield f"{_INDENT}{position}. {action.name} ({action.type})"
        yield from _indented(_indented(_action(action, previous)))
        previous = action.name


def _action(action: ActionPlan, previous: str | None) -> Iterator[str]:
    if action.description:
        yield action.description
    if action.depends_on:
        yield f"after: {', '.join(action.depends_on)}"
    elif previous is not None:
        yield "starts at once, beside the others"
    if action.when is not None:
        yield f"only when: {condition_text(action.when)}"
    yield f"retry: {_retry(action.retry, repeatable=action_type(action.type).repeatable(action.config))}"
    if action.timeout is not None:
        yield f"timeout: {action.timeout:g} s an attempt"
    if action.on_error == "continue":
        yield "if it fails: the request goes on, with a warning"
    if action.rollback is not None:
        yield f"undone by: {_call(action.rollback.type, action.rollback.config)}"
    for resource in action.resources:
        yield f"records: {resource.type} {resource.id}"


def _retry(retry: RetryPlan | None, *, repeatable: bool) -> str:
    if retry is None:
        return "by default" if repeatable else "by default, where the call surely never arrived"
    if retry.attempts == 0:
        return "never"
    times = "once" if retry.attempts == 1 else f"{retry.attempts} times"
    return f"{times}, waiting {retry.delay:g} s at first and {retry.max_delay:g} s at most"


def _call(kind: str, config: Mapping[str, JsonValue]) -> str:
    """An action in a few words: what it calls, where its config says so."""
    words = [str(config[key]) for key in ("method", "url") if isinstance(config.get(key), str)]
    return " ".join([kind, *words])


def condition_text(condition: Mapping[str, JsonValue]) -> str:
    """A condition as people read it."""
    for key, word in (("all", " and "), ("any", " or ")):
        parts = condition.get(key)
        if isinstance(parts, list):
            return f"({word.join(condition_text(part) for part in parts if isinstance(part, dict))})"
    negated = condition.get("not")
    if isinstance(negated, dict):
        return f"not {condition_text(negated)}"
    return f"{condition.get('field')} {condition.get('operator')} {json.dumps(condition.get('value'))}"


def _step(step: PreviewedStep) -> Iterator[str]:
    if step.error is not None:
        yield f"would fail: {step.error}"
    for key, value in step.config.items():
        yield from _entry(key, value)


def _resource(resource: PreviewedResource) -> Iterator[str]:
    if resource.error is not None:
        yield f"not all of it is known: {resource.error}"
    yield from _entry("id", resource.id)
    if resource.name != resource.id:
        yield from _entry("name", resource.name)
    for key, value in resource.attributes.items():
        yield from _entry(key, value)


def _entry(key: str, value: JsonValue) -> Iterator[str]:
    """A key of a config: texts of several lines below it, structures as JSON."""
    if isinstance(value, str) and "\n" in value.strip():
        yield f"{key}:"
        yield from _indented(value.rstrip().splitlines())
    elif isinstance(value, dict) and value:
        yield f"{key}:"
        for inner, part in value.items():
            yield from _indented(_entry(inner, part))
    else:
        yield f"{key}: {value.strip() if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"


def _indented(lines: Iterable[str]) -> list[str]:
    return [f"{_INDENT}{line}" for line in lines]
