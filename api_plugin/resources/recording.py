"""Records what a request provisioned as soon as it is seen to have ended, and releases what a rollback undid.

Called where a request's status is written, in the same transaction, whoever looks and however often: what is recorded
already stays as it is.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic import JsonValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from api_plugin.clock import utc_now
from api_plugin.configuration import sealer
from api_plugin.request_info import info_of
from api_plugin.resources.describing import Given, describe
from api_plugin.status_views import ActionView, RequestView
from api_plugin.store.requests import Request
from api_plugin.store.resources import Resource
from catalog_compiler.plan import ActionPlan, ItemPlan, Mode, ResourcePlan
from catalog_compiler.request_scope import field_scope, request_scope
from catalog_compiler.run_format import UserInfo
from catalog_compiler.sealing import SealError
from catalog_compiler.templates import Scope

ResourceState = Literal["active", "released"]

STANDING = "undoing its action failed, so it may still be there"
NEVER_UNDONE = "the request was rolled back, and its action has no rollback, so it may still be there"
MADE_ANEW = "its action ran again since and made another one, so it may still be there"

_MADE = frozenset({"completed", "rollback_failed"})
"""Statuses of actions that leave what they provisioned."""


def record_resources(session: Session, request: Request, plan: ItemPlan, view: RequestView) -> None:
    """Bring the resources of a request that has ended in step with its actions. Commits nothing."""
    if not view.ended or not any(action.resources for mode in plan.modes for action in plan.fulfillment(mode).actions):
        return
    recorded = {
        row.id: row
        for row in session.scalars(select(Resource).where(Resource.request_id == request.id).with_for_update())
    }
    made = {row.id: row for row in _made(request, plan, view)}
    for row_id, row in made.items():
        known = recorded.get(row_id)
        if known is None:
            session.add(row)
        elif known.state == "active" or _made_again(known, row):
            known.state, known.released_at, known.note = "active", None, row.note
    actions: dict[tuple[str, str], ActionView] = {(action.mode, action.name): action for action in view.actions}
    for row_id, row in recorded.items():
        action = actions.get((row.mode, row.action))
        if row_id not in made and row.state == "active" and action is not None:
            _settle(row, action, view)


def _made_again(known: Resource, now: Resource) -> bool:
    """Whether its action ran anew after the resource was released."""
    return known.released_at is not None and now.created_at > known.released_at


def _settle(row: Resource, action: ActionView, view: RequestView) -> None:
    """What became of a resource that its action does not show any more."""
    if action.status == "rolled_back":
        row.state, row.released_at, row.note = "released", view.at or utc_now(), None
    elif action.status in _MADE:
        row.note = MADE_ANEW


@dataclass(frozen=True, kw_only=True, slots=True)
class _Thing:
    """A resource of an action that was carried out."""

    position: int
    """Its place among the action's resources."""
    plan: ResourcePlan
    seen: ActionView
    notes: list[str]


def _made(request: Request, plan: ItemPlan, view: RequestView) -> Iterator[Resource]:
    """What is there by the request's actions, as rows."""
    for mode in plan.modes:
        seen = {action.name: action for action in view.actions if action.mode == mode}
        wanted = [
            (action, seen[action.name])
            for action in plan.fulfillment(mode).actions
            if action.resources and action.name in seen and seen[action.name].status in _MADE
        ]
        if not wanted:
            continue
        given, gap = _given(request, plan, mode, seen)
        for action, shown in wanted:
            notes = _notes(action, shown, view, gap)
            for position, resource in enumerate(action.resources):
                yield _row(request, _Thing(position=position, plan=resource, seen=shown, notes=notes), given)


def _row(request: Request, thing: _Thing, given: Given) -> Resource:
    described = describe(thing.plan, given, sealer())
    seen = thing.seen
    return Resource(
        id=uuid.uuid5(request.id, f"{seen.mode}/{seen.name}\n{thing.position}\n{described.identifier or ''}"),
        request_id=request.id,
        catalog=request.catalog,
        item_id=request.item_id,
        owner=request.owner,
        user_id=request.user_id,
        user_email=request.user["email"],
        user_name=request.user["name"],
        user_organization=request.user.get("organization"),
        mode=seen.mode,
        action=seen.name,
        type=thing.plan.type,
        identifier=described.identifier,
        name=described.name,
        attributes=described.attributes,
        state="active",
        note="; ".join([*thing.notes, *described.gaps]) or None,
        created_at=seen.ended_at or request.updated_at,
        released_at=None,
    )


def _notes(action: ActionPlan, seen: ActionView, view: RequestView, gap: str | None) -> list[str]:
    notes = [STANDING] if seen.status == "rollback_failed" else []
    if seen.status == "completed" and view.status in {"rolled_back", "rollback_failed"}:
        notes.append(NEVER_UNDONE if action.rollback is None else STANDING)
    return [*notes, gap] if gap else notes


def _given(request: Request, plan: ItemPlan, mode: Mode, seen: Mapping[str, ActionView]) -> tuple[Given, str | None]:
    """What templates may use; where a key is gone, nothing, and why."""
    outputs = {name: action.outputs for name, action in seen.items() if action.status in _MADE}
    try:
        opened = {name: sealer().open(value) for name, value in request.fields.items()}
        given = {name: sealer().open_outputs(values) for name, values in outputs.items()}
    except SealError as error:
        return Given(scope=Scope(), fields={}, outputs={}), f"it is not known in full: {error}"
    types = {field.id: field.type for field in plan.fields}
    responses: dict[str, Mapping[str, JsonValue] | None] = {**dict.fromkeys(seen), **given}
    info = info_of(request, mode, UserInfo.model_validate(request.user))
    scope = Scope(
        fields=field_scope(opened, types), header=plan.header, request=request_scope(info), response=responses
    )
    return Given(scope=scope, fields=request.fields, outputs=outputs), None
