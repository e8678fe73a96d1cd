"""Keeps `pao.request` and its events in step with Airflow: whoever looks derives, and appends what is new.

Airflow wins wherever the two disagree. The request's row is locked while it is brought up to date, so that every change
is told once, in order.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from api_plugin.action_status import pending_action
from api_plugin.airflow_state import RunKey, read_runs
from api_plugin.cancellation import cancellation_of
from api_plugin.clock import utc_now
from api_plugin.recording import Seen, action_json, record
from api_plugin.resources.recording import record_resources
from api_plugin.status import derive
from api_plugin.status_views import ENDED, EscalationView, RequestView, RollbackView, RunView
from api_plugin.stirring import touched
from api_plugin.store.catalog import ItemRevision
from api_plugin.store.requests import Request, RequestEscalation, RequestEvent, RequestRollback
from catalog_compiler.plan import ActionPlan, ItemPlan, Mode
from catalog_compiler.run_format import dag_id


def first_events(request: Request, actions: Iterable[ActionPlan], *, by: str) -> list[RequestEvent]:
    """The first events of a request that was just accepted, which gets its first state: all actions pending.

    Nothing is written: whoever submits waits for this, and writes everything in one go.
    """
    pending = [action_json(pending_action(action, mode_of(request))) for action in actions]
    request.state = {
        "actions": pending,
        "error": None,
        "warnings": [],
        "rollback": None,
        "seen": Seen(told_at=request.created_at).model_dump(mode="json"),
    }
    first: list[dict[str, Any]] = [
        {"status": "submitted", "by": by},
        {"status": "validated"},
        {"status": "queued"},
    ]
    events = [
        RequestEvent(request_id=request.id, seq=seq, at=request.created_at, type="status", data=data)
        for seq, data in enumerate(first, start=1)
    ]
    request.event_seq = len(events)
    return events


def bring_up_to_date(session: Session, ids: Iterable[uuid.UUID], *, wait: bool = True) -> list[Request]:
    """The requests of these ids, as Airflow has them now, in the order of the ids.

    With `wait=False` a request that someone else is bringing up to date is returned as it is stored.
    """
    wanted = list(ids)
    live = select(Request).where(Request.id.in_(wanted), Request.status.not_in(ENDED) | _may_come_back())
    # What this session read before it got the lock may be older than what another one wrote meanwhile.
    session.flush()
    its_rows = live.order_by(Request.id).with_for_update(skip_locked=not wait)
    locked = session.scalars(its_rows.execution_options(populate_existing=True)).all()
    _project(session, locked)
    found = {row.id: row for row in session.scalars(select(Request).where(Request.id.in_(wanted)))}
    return [found[request_id] for request_id in wanted if request_id in found]


def _may_come_back() -> Any:
    """Ended requests that an operator may have cleared in Airflow: recent ones, and those whose runs were touched."""
    return or_(Request.updated_at > utc_now() - dt.timedelta(days=7), touched())


def rollback_of(session: Session, requests: Iterable[Request]) -> dict[uuid.UUID, RequestRollback]:
    """The newest rollback of each request that has one."""
    rows = session.scalars(
        select(RequestRollback)
        .where(RequestRollback.request_id.in_([request.id for request in requests]))
        .order_by(RequestRollback.clear_number)
    )
    return {row.request_id: row for row in rows}


def escalation_of(session: Session, requests: Iterable[Request]) -> dict[uuid.UUID, RequestEscalation]:
    """The escalation of each request that has one."""
    wanted = [request.id for request in requests]
    rows = session.scalars(select(RequestEscalation).where(RequestEscalation.request_id.in_(wanted)))
    return {row.request_id: row for row in rows}


def mode_of(request: Request) -> Mode:
    """The way in which a request was ordered."""
    return "automatic" if request.mode == "automatic" else "manual"


def undone_actions(request: Request, rollback: RequestRollback) -> tuple[tuple[Mode, str], ...]:
    """What a rollback undoes, in that order: each by its way and its name."""
    modes = rollback.modes or [mode_of(request)] * len(rollback.actions)
    return tuple(zip(modes, rollback.actions, strict=True))


@dataclass(frozen=True, kw_only=True, slots=True)
class Started:
    """What was started for a request beside its run, and the runs of that."""

    rollback: RequestRollback | None = None
    rollback_run: RunView | None = None
    escalation: RequestEscalation | None = None
    escalation_run: RunView | None = None


def view_of(request: Request, plan: ItemPlan, run: RunView, started: Started) -> RequestView:
    """Derive a request's view. What was done to an earlier try does not count: the run was cleared since."""
    cancellation = cancellation_of(request, run.clear_number)
    rollback, escalation = started.rollback, started.escalation
    shown = taken_over = None
    if rollback is not None and rollback.clear_number == run.clear_number:
        shown = RollbackView(
            run=started.rollback_run,
            actions=undone_actions(request, rollback),
            started_at=rollback.started_at,
            cancels=cancellation is not None and cancellation.rollback_run_id == rollback.run_id,
        )
    if escalation is not None and escalation.clear_number == run.clear_number:
        taken_over = EscalationView(
            way=plan.manual,
            run=started.escalation_run,
            started_at=escalation.started_at,
            failure=escalation.failure,
        )
    return derive(
        plan.fulfillment(mode_of(request)),
        run,
        shown,
        cancellation.view(utc_now()) if cancellation else None,
        mode=mode_of(request),
        escalation=taken_over,
    )


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
    rollbacks, escalations = rollback_of(session, requests), escalation_of(session, requests)
    keys = [run_key(request) for request in requests]
    keys += [(rollback.dag_id, rollback.run_id) for rollback in rollbacks.values()]
    keys += [(escalation.dag_id, escalation.run_id) for escalation in escalations.values()]
    runs = read_runs(session, keys)
    plans = plans_of(session, requests)
    for request in requests:
        run = runs.get(run_key(request))
        plan = plans.get((request.catalog, request.item_id, request.revision))
        if run is None or plan is None:
            continue
        rollback, escalation = rollbacks.get(request.id), escalations.get(request.id)
        started = Started(
            rollback=rollback,
            rollback_run=runs.get((rollback.dag_id, rollback.run_id)) if rollback else None,
            escalation=escalation,
            escalation_run=runs.get((escalation.dag_id, escalation.run_id)) if escalation else None,
        )
        view = view_of(request, plan, run, started)
        if record(session, request, view, rollback):
            record_resources(session, request, plan, view)
    session.flush()


def run_key(request: Request) -> RunKey:
    """The request's DAG run."""
    return request.dag_id, request.run_id


def rollback_key(request: Request, clear_number: int) -> RunKey:
    """The rollback run of one try of a request."""
    return dag_id(request.catalog, request.item_id, "rollback"), f"{request.id}.rollback.{clear_number}"


def escalation_key(request: Request) -> RunKey:
    """The run of a request's manual fulfillment, where the automatic one failed."""
    return dag_id(request.catalog, request.item_id, "manual"), str(request.id)
