"""Whether an item that compiled would run: an oracle that knows nothing of the checks.

It does what the rest of the platform does with an item: makes its form and its DAGs, takes a submission, fills in the
templates of every action and every rollback, and lets the action types read what came of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import JsonValue, ValidationError

from catalog_compiler.actions import action_type
from catalog_compiler.airflow.dag import build_dags
from catalog_compiler.conditions import holds
from catalog_compiler.field_types import FIELD_TYPES
from catalog_compiler.form import item_form
from catalog_compiler.item import CompiledItem
from catalog_compiler.model import Condition, FormField, Item
from catalog_compiler.plan import ActionPlan, ItemPlan
from catalog_compiler.settings import PaoSettings
from catalog_compiler.submission import check_submission
from catalog_compiler.templates import Scope, TemplateError, field_value, render_config

SETTINGS = PaoSettings(fernet_key="unused")
NOW = datetime.now(UTC)
REQUEST: Mapping[str, JsonValue] = {
    "id": "00000000-0000-0000-0000-000000000001",
    "timestamp": "2025-01-01T00:00:00Z",
    "catalog": "default",
    "url": "https://pao.example.com/requests/1",
    "user": {"email": "dev@example.com", "name": "Dev", "roles": ["user"], "organization": "example"},
}


class _Anything(dict[str, str]):
    """Variables of any name: a URL, which is also a text that fits most places."""

    def __contains__(self, name: object) -> bool:
        return True

    def __getitem__(self, name: str) -> str:
        return "https://api.example.com/v1"


def reasons(compiled: CompiledItem) -> Iterator[str]:
    """Why an item that compiled would not run; none where it would."""
    item, plan = compiled.item, compiled.plan
    assert item is not None
    assert plan is not None
    if not item_form(item).schema["properties"]:
        yield "the form is empty"
    dags = {dag.dag_id for dag in build_dags(plan, "default", SETTINGS)}
    if len(dags) != len(plan.modes) + 1:
        yield f"the DAGs are {dags}"
    values = {field.id: sample(field) for field in item.fields}
    given = _submitted(item, values)
    for mode in plan.modes:
        actions = plan.fulfillment(mode).actions
        for action in actions:
            for failure in _failures(plan, actions, action, item, given):
                # Where no likely value fits a field, a template that misses it says nothing about the item.
                if None not in values.values() or not isinstance(failure, TemplateError):
                    yield f"{mode}: {action.name}: {failure}"


def sample(field: FormField) -> JsonValue:
    """A value that the field takes, or None where none of some likely ones is."""
    kind = FIELD_TYPES[field.type]
    return next((value for value in _candidates(field) if not any(kind.faults(field, value, NOW))), None)


def _candidates(field: FormField) -> Iterator[JsonValue]:
    if field.type in {"json", "yaml"}:
        yield from ('["a"]', '{"a": "b"}')
    if field.default is not None:
        yield field.default
    choices: list[JsonValue] = [choice.value for choice in field.choices if choice.value != ""]
    yield from choices
    yield from (choices[:number] for number in range(1, len(choices) + 1))
    yield from (1, 5, 10, 100, 1024, 0.5, -1, True)
    for days in (1, 10, 40, 400):
        yield (NOW + timedelta(days=days)).date().isoformat()
        yield (NOW + timedelta(days=days)).isoformat()
    yield from ("dev@example.com", "https://example.com/", "203.0.113.0/24", "10.0.0.1", "a: 1")
    yield from ("data:text/plain;name=a.txt;base64,YQ==", "data:application/x-pem-file;name=a.pem;base64,YQ==")
    for length in (1, 3, 8, 12, 20, 32, 40):
        yield from ("a" * length, "A" * length, "1" * length, "Aa1-" * length)


def _submitted(item: Item, values: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """What a request would hold: the samples of the fields that are visible then."""
    given = {name: value for name, value in values.items() if value is not None}
    errors = check_submission(item, given, now=NOW).errors
    hidden = {error.pointer.rpartition("/")[2] for error in errors if error.code == "hidden-field"}
    return {name: value for name, value in given.items() if name not in hidden}


def _failures(
    plan: ItemPlan, actions: tuple[ActionPlan, ...], action: ActionPlan, item: Item, given: Mapping[str, JsonValue]
) -> Iterator[Exception]:
    types = {field.id: field.type for field in item.fields}
    if action.when is not None:
        holds(Condition.model_validate(action.when), given, types)
    before = _before(actions, action)
    scope = Scope(
        fields={name: field_value(types[name], value) for name, value in given.items()},
        header=plan.header,
        request=REQUEST,
        env=_Anything(),
        response={other.name: _outputs(other) for other in actions if other.name in before},
    )
    yield from _config_failures(action.type, action.config, scope)
    if action.rollback is not None:
        own = replace(scope, response={**scope.response, action.name: _outputs(action)})
        yield from _config_failures(action.rollback.type, action.rollback.config, own)


def _before(actions: tuple[ActionPlan, ...], action: ActionPlan) -> set[str]:
    """The actions that have surely ended."""
    by_name = {other.name: other for other in actions}
    found: set[str] = set()
    waiting = [*action.depends_on]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(by_name[name].depends_on)
    return found


def _outputs(action: ActionPlan) -> dict[str, JsonValue]:
    names = action_type(action.type).outputs(action.config)
    return dict.fromkeys(names or (), "output-1")


def _config_failures(type_name: str, config: Mapping[str, Any], scope: Scope) -> Iterator[Exception]:
    kind = action_type(type_name)
    try:
        kind.Config.model_validate(render_config(kind, config, scope))
    except (TemplateError, ValidationError) as error:
        yield error
