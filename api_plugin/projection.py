"""Keeps `pao.request` and its events in step with Airflow: whoever looks derives, and appends what is new.

Airflow wins wherever the two disagree. The request's row is locked while it is brought up to date, so that every change
is told once, in order.
"""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api_plugin.airflow_state import RunKey, read_runs
from api_plugin.clock import utc_now, utc_text
from api_plugin.status import ENDED, RequestView, RollbackView, RunView, derive, pending_action
from api_plugin.store.catalog import ItemRevision
from api_plugin.store.requests import Request, RequestEvent, RequestRollback
from catalog_compiler.plan import ActionPlan, ItemPlan
from catalog_compiler.run_format import dag_id
from catalog_compiler.sealing import masked

_STEPS: dict[str, tuple[str, ...]] = {
    "submitted": (),
    "validated": ("submitted",),
    "queued": ("submitted", "validated"),
    "in_progress": ("submitted", "validated", "queued"),
}
"""The steps before each step, in order; every later status has been in progress before."""


def first_events(request: Request, actions: Iterable[ActionPlan]) -> list[RequestEvent]:
    """The first events of a request that was just accepted, which gets its first state: all actions pending.

    Nothing is written: whoever submits waits for this, and writes everything in one go.
    """
    pending = [_action_json(asdict(pending_action(action))) for action in actions]
    request.state = {"actions": pending, "error": None, "warnings": []}
    events = [
        RequestEvent(request_id=request.id, seq=seq, at=request.created_at, type="status", data={"status": status})
        for seq, status in enumerate(("submitted", "validated", "queued"), start=1)
    ]
    request.event_seq = len(events)
    return events


def bring_up_to_date(session: Session, ids: Iterable[uuid.UUID], *, wait: bool = True) -> list[Request]:
    """The requests of these ids, as Airflow has them now, in the order of the ids.

    With `wait=False` a request that someone else is bringing up to date is returned as it is stored.
    """
    wanted = list(ids)
    live = select(Request).where(Request.id.in_(wanted), Request.status.not_in(ENDED) | _may_come_back())
    locked = session.scalars(live.order_by(Request.id).with_for_update(skip_locked=not wait)).all()
    _project(session, locked)
    found = {row.id: row for row in session.scalars(select(Request).where(Request.id.in_(wanted)))}
    return [found[request_id] for request_id in wanted if request_id in found]


def _may_come_back() -> Any:
    """Ended requests that an operator may have cleared in Airflow: looked at as well, as far as they are recent."""
    return Request.updated_at > utc_now() - dt.timedelta(days=7)


def rollback_of(session: Session, requests: Iterable[Request]) -> dict[uuid.UUID, RequestRollback]:
    """The newest rollback of each request that has one."""
    rows = session.scalars(
        select(RequestRollback)
        .where(RequestRollback.request_id.in_([request.id for request in requests]))
        .order_by(RequestRollback.clear_number)
    )
    return {row.request_id: row for row in rows}


def view_of(request: Request, plan: ItemPlan, run: RunView, rollback: RequestRollback | None,
            rollback_run: RunView | None) -> RequestView:  # fmt: skip
    """Derive a request's view. A rollback of an earlier try does not count: the run was cleared since."""
    shown = None
    if rollback is not None and rollback.clear_number == run.clear_number:
        shown = RollbackView(run=rollback_run, actions=tuple(rollback.actions), started_at=rollback.started_at)
    return derive(plan.fulfillment("automatic" if request.mode == "automatic" else "manual"), run, shown)


def plans_of(session: Session, requests: Iterable[Request]) -> dict[tuple[str, str, str], ItemPlan]:
    """The plans of the requests' revisions, by catalog, item and revision."""
    wanted = {(request.catalog, request.item_id, request.revision) for request in requests}
    plans = {}
    for catalog, item_id, revision in wanted:
        row = session.get(ItemRevision, (catalog, item_id, revision))
        if row is not None:
            plans[catalog, item_id, revision] = ItemPlan.model_validate(row.plan)
    return plans


def _project(session: Session, requests: Sequence[Request]) -> None:
    if not requests:
        return
    rollbacks = rollback_of(session, requests)
    keys: list[RunKey] = [(request.dag_id, str(request.id)) for request in requests]
    keys += [(rollback.dag_id, rollback.run_id) for rollback in rollbacks.values()]
    runs = read_runs(session, keys)
    plans = plans_of(session, requests)
    for request in requests:
        run = runs.get((request.dag_id, str(request.id)))
        plan = plans.get((request.catalog, request.item_id, request.revision))
        if run is None or plan is None:
            continue
        rollback = rollbacks.get(request.id)
        rollback_run = runs.get((rollback.dag_id, rollback.run_id)) if rollback else None
        _record(session, request, view_of(request, plan, run, rollback, rollback_run))
    session.flush()


def _record(session: Session, request: Request, view: RequestView) -> None:
    now = utc_now()
    actions = [_action_json(action) for action in map(asdict, view.actions)]
    before = {action["name"]: action for action in request.state["actions"]}
    for action in actions:
        if before.get(action["name"]) != action:
            _append(session, request, "action", now, {"action": action})
    state = {"actions": actions, "error": view.error, "warnings": list(view.warnings)}
    if view.status != request.status:
        for status, at in _missing_steps(request, view, now):
            _append(session, request, "status", at, {"status": status})
        _append(session, request, "status", view.at or now, {"status": view.status, "error": view.error})
        request.status = view.status
        request.ended_at = (view.at or now) if view.ended else None
        request.updated_at = now
    elif state != request.state:
        request.updated_at = now
    request.state = state


def _missing_steps(request: Request, view: RequestView, now: dt.datetime) -> Iterable[tuple[str, dt.datetime]]:
    """Steps that passed between two looks: what is over has been in progress, what is undone was being undone."""
    if view.status not in _STEPS and request.status in _STEPS and request.status != "in_progress":
        yield "in_progress", view.started_at or now
    if view.status in {"rolled_back", "rollback_failed"} and request.status != "rolling_back":
        yield "rolling_back", now


def _append(session: Session, request: Request, kind: str, at: dt.datetime, data: dict[str, Any]) -> None:
    request.event_seq += 1
    session.add(RequestEvent(request_id=request.id, seq=request.event_seq, at=at, type=kind, data=data))


def _action_json(action: dict[str, Any]) -> dict[str, Any]:
    """An action as people see it: secret outputs masked, times as text."""
    shown = {**action, "outputs": masked(action["outputs"])}
    plain: dict[str, Any] = json.loads(json.dumps(shown, default=_time))
    return plain


def _time(value: object) -> str:
    if isinstance(value, dt.datetime):
        return utc_text(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def run_key(request: Request) -> RunKey:
    """The request's DAG run."""
    return request.dag_id, str(request.id)


def rollback_key(request: Request, clear_number: int) -> RunKey:
    """The rollback run of one try of a request."""
    return dag_id(request.catalog, request.item_id, "rollback"), f"{request.id}.rollback.{clear_number}"
