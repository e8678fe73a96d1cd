"""The stage after the checks: an item without errors becomes its plan."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from catalog_compiler.actions import action_type
from catalog_compiler.model import Action, Fulfillment, Item, Retry, named_actions
from catalog_compiler.plan import ActionPlan, FieldPlan, FulfillmentPlan, ItemPlan, ResourcePlan, RetryPlan, UndoPlan


def plan_item(item: Item, revision: str) -> ItemPlan:
    """The plan of a valid item: names, dependencies and the defaults of action types filled in.

    Raises:
        UnknownActionTypeError: if an action's type is not installed.

    """
    automatic = item.fulfillment.automatic
    return ItemPlan(
        item_id=item.header.id,
        revision=revision,
        header=item.header.model_dump(mode="json", exclude_none=True, exclude={"access"}),
        fields=tuple(FieldPlan(id=field.id, type=field.type, sensitive=field.secret) for field in item.fields),
        manual=_fulfillment(item.fulfillment.manual),
        automatic=_fulfillment(automatic) if automatic else None,
    )


def resolved_dependencies(named: Sequence[tuple[str, Action]]) -> tuple[tuple[str, ...], ...]:
    """What each action waits for: what it says, or the one before it."""
    before: tuple[tuple[str, ...], ...] = ((), *((name,) for name, _ in named))
    return tuple(
        previous if action.depends_on is None else action.depends_on
        for previous, (_, action) in zip(before, named, strict=False)
    )


def _fulfillment(fulfillment: Fulfillment) -> FulfillmentPlan:
    named = named_actions(fulfillment.actions)
    dependencies = resolved_dependencies(named)
    return FulfillmentPlan(
        description=fulfillment.description,
        actions=tuple(
            _action(name, action, depends_on) for (name, action), depends_on in zip(named, dependencies, strict=True)
        ),
        on_failure=fulfillment.on_failure,
        timeout=fulfillment.timeout,
    )


def _action(name: str, action: Action, depends_on: tuple[str, ...]) -> ActionPlan:
    return ActionPlan(
        name=name,
        type=action.type,
        description=action.description,
        config=action.config,
        retry=_retry(action.retry),
        on_error=action.on_error or action_type(action.type).on_error,
        rollback=_undo(action),
        resources=tuple(ResourcePlan.model_validate(resource.model_dump()) for resource in action.resources),
        depends_on=depends_on,
        when=action.when.model_dump(mode="json", by_alias=True, exclude_unset=True) if action.when else None,
        timeout=action.timeout,
        host=action_type(action.type).runs_on(action.config),
    )


def undo_config(action: Action) -> dict[str, Any]:
    """The raw config of an action's rollback, as the rollback's type completes it from what it undoes.

    Raises:
        ValueError: if the action has no rollback.
        UnknownActionTypeError: if the rollback's type is not installed.
    """
    if (rollback := action.rollback) is None:
        raise ValueError("this action has no rollback")
    undone = action.config if rollback.type == action.type else None
    return dict(action_type(rollback.type).undo_config(rollback.config, undone))


def _undo(action: Action) -> UndoPlan | None:
    if (rollback := action.rollback) is None:
        return None
    config = undo_config(action)
    host = action_type(rollback.type).runs_on(config)
    return UndoPlan(type=rollback.type, config=config, retry=_retry(rollback.retry), host=host)


def _retry(retry: Retry | None) -> RetryPlan | None:
    """A delay longer than the usual `max_delay` is meant as it stands."""
    if retry is None:
        return None
    return RetryPlan(attempts=retry.attempts, delay=retry.delay, max_delay=max(retry.delay, retry.max_delay))
