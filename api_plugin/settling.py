"""Settles runs that ended: starts the rollback that an item's policy asks for.

Called for one run by its failure callback, and for all by the reconcile DAG, which makes good what a lost callback did
not. Starting is idempotent: a rollback belongs to one try of a request, and looks at the run's present state first.
"""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

from airflow.models.taskinstance import TaskInstance
from airflow.models.xcom import XComModel
from airflow.utils.state import TaskInstanceState
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from api_plugin.airflow_state import read_runs
from api_plugin.projection import bring_up_to_date, plans_of, rollback_key, rollback_of, run_key
from api_plugin.status import ENDED, RunView
from api_plugin.store.access import Audit
from api_plugin.store.requests import Request, RequestRollback
from api_plugin.submitting import DagShelf, request_url, start_run
from api_plugin.undoing import undo_order
from catalog_compiler.plan import ItemPlan, Mode
from catalog_compiler.run_format import (
    REVOKED_KEY,
    RequestInfo,
    RollbackInfo,
    RunConf,
    UndoStep,
    UserInfo,
    undo_task_id,
)

ACTOR = "pao"
"""Who the audit trail and Airflow name for what the platform does by itself."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Settled:
    """What came of settling a request."""

    request: Request
    rollback_started: bool


def request_of_run(session: Session, dag_id: str, run_id: str) -> uuid.UUID | None:
    """The request that a run, or the rollback run of a request, belongs to."""
    by_rollback = session.scalar(
        select(RequestRollback.request_id).where(RequestRollback.dag_id == dag_id, RequestRollback.run_id == run_id)
    )
    if by_rollback is not None:
        return by_rollback
    try:
        request_id = uuid.UUID(run_id)
    except ValueError:
        return None
    return session.scalar(select(Request.id).where(Request.id == request_id, Request.dag_id == dag_id))


def settle(session: Session, shelf: DagShelf, request_id: uuid.UUID) -> Settled:
    """Start what the request's state asks for, if anything, and bring it up to date. Commits nothing."""
    request = session.scalars(select(Request).where(Request.id == request_id).with_for_update()).one()
    started = _start_rollback_if_due(session, shelf, request)
    session.flush()
    return Settled(request=bring_up_to_date(session, [request_id])[0], rollback_started=started)


def unsettled(session: Session, limit: int = 1000) -> list[uuid.UUID]:
    """Requests that have not ended as far as is known, the oldest look first."""
    return list(
        session.scalars(
            select(Request.id).where(Request.status.not_in(ENDED)).order_by(Request.updated_at).limit(limit)
        )
    )


def _start_rollback_if_due(session: Session, shelf: DagShelf, request: Request) -> bool:
    run = read_runs(session, [run_key(request)]).get(run_key(request))
    plan = plans_of(session, [request]).get((request.catalog, request.item_id, request.revision))
    if run is None or plan is None or run.state != "failed":
        return False
    mode: Mode = "automatic" if request.mode == "automatic" else "manual"
    way = plan.fulfillment(mode)
    if way.on_failure != "rollback":
        return False
    before = rollback_of(session, [request]).get(request.id)
    if before is not None and before.clear_number == run.clear_number:
        return False
    actions = undo_order(way, run.tasks)
    if not actions:
        return False
    _start_rollback(session, shelf, request, plan, mode, run, actions)
    return True


def _start_rollback(
    session: Session, shelf: DagShelf, request: Request, plan: ItemPlan, mode: Mode, run: RunView,
    actions: tuple[str, ...],
) -> None:  # fmt: skip
    now = dt.datetime.now(dt.UTC)
    way = plan.fulfillment(mode)
    steps = tuple(
        UndoStep(action=name, mode=mode, undo=undo)
        for name in actions
        if (undo := way.action(name).rollback) is not None
    )
    conf = RunConf(
        request=RequestInfo(
            id=str(request.id),
            timestamp=request.created_at,
            catalog=request.catalog,
            url=request_url(request.id),
            mode=mode,
            correlation_id=request.correlation_id,
            user=UserInfo.model_validate(request.user),
        ),  # fmt: skip
        item_id=request.item_id,
        revision=request.revision,
        fields=request.fields,
        rollback=RollbackInfo(
            clear_number=run.clear_number,
            header=plan.header,
            field_types={field.id: field.type for field in plan.fields},
            steps=steps,
        ),
    )
    dag, run_id = rollback_key(request, run.clear_number)
    start_run(session, shelf, dag, run_id, conf, ACTOR, now, revision=None)
    _skip_unused_places(session, dag, run_id, used=len(steps))
    _revoke(session, request)
    session.add(
        RequestRollback(
            request_id=request.id,
            clear_number=run.clear_number,
            dag_id=dag,
            run_id=run_id,
            actions=list(actions),
            started_at=now,
        )  # fmt: skip
    )
    session.add(
        Audit(
            at=now,
            actor=ACTOR,
            action="request.rollback",
            target=str(request.id),
            outcome="started",
            address=None,
            correlation_id=request.correlation_id,
            detail={"actions": list(actions), "reason": "the run failed"},
        )  # fmt: skip
    )


def _skip_unused_places(session: Session, dag_id: str, run_id: str, *, used: int) -> None:
    """A rollback DAG has a place for every action that can be undone; those not needed now end at once."""
    needed = [undo_task_id(position) for position in range(1, used + 1)]
    session.execute(
        update(TaskInstance)
        .where(TaskInstance.dag_id == dag_id, TaskInstance.run_id == run_id, TaskInstance.task_id.not_in(needed))
        .values(state=TaskInstanceState.SKIPPED)
        .execution_options(synchronize_session=False)
    )


def _revoke(session: Session, request: Request) -> None:
    """Keep the request's actions from running again: what they made is being undone."""
    tasks = session.scalars(
        select(TaskInstance.task_id).where(
            TaskInstance.dag_id == request.dag_id, TaskInstance.run_id == str(request.id)
        )
    )
    for task_id in tasks:
        XComModel.set(
            key=REVOKED_KEY, value=True, task_id=task_id, dag_id=request.dag_id, run_id=str(request.id),
            session=session,
        )  # fmt: skip
