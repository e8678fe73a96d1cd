"""Settles runs that ended: starts the rollback that an item's policy asks for.

Called for one run by its failure callback, and for all by the reconcile DAG, which makes good what a lost callback did
not. Starting is idempotent: a rollback belongs to one try of a request, and looks at the run's present state first.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance
from airflow.models.xcom import XComModel
from airflow.utils.state import DagRunState, TaskInstanceState
from sqlalchemy import String, cast, select, update
from sqlalchemy.orm import Session

from api_plugin.airflow_state import read_runs
from api_plugin.clock import utc_now
from api_plugin.projection import bring_up_to_date, plans_of, rollback_key, rollback_of, run_key
from api_plugin.runs import DagShelf, RunOrder, start_run
from api_plugin.status import ENDED
from api_plugin.store.access import Audit
from api_plugin.store.requests import Request, RequestRollback
from api_plugin.submitting import info_of
from api_plugin.undoing import undo_order
from catalog_compiler.plan import ItemPlan, Mode
from catalog_compiler.run_format import (
    REVOKED_KEY,
    RollbackInfo,
    RunConf,
    UndoStep,
    UserInfo,
    action_task_id,
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


@dataclass(frozen=True, kw_only=True, slots=True)
class Unsettled:
    """Requests that have not ended as far as is known, and those of them whose run has failed."""

    all: list[uuid.UUID]
    failed: list[uuid.UUID]


def unsettled(session: Session) -> Unsettled:
    """Look at every request that has not ended: a few queries for any number."""
    ids = session.scalars(select(Request.id).where(Request.status.not_in(ENDED)).order_by(Request.created_at))
    failed = session.scalars(
        select(Request.id)
        .join(DagRun, (DagRun.dag_id == Request.dag_id) & (DagRun.run_id == cast(Request.id, String)))
        .where(Request.status.not_in(ENDED), DagRun.state == DagRunState.FAILED)
        .order_by(Request.created_at)
    )
    return Unsettled(all=list(ids), failed=list(failed))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Due:
    """A rollback that a request needs."""

    plan: ItemPlan
    mode: Mode
    clear_number: int
    actions: tuple[str, ...]
    tries: Mapping[str, int]
    """Airflow's count of the tries of each."""


def _start_rollback_if_due(session: Session, shelf: DagShelf, request: Request) -> bool:
    due = _due(session, request)
    if due is None:
        return False
    dag, run_id = rollback_key(request, due.clear_number)
    start_run(session, shelf, RunOrder(dag_id=dag, run_id=run_id, conf=_rollback_conf(request, due), actor=ACTOR))
    _skip_unused_places(session, dag, run_id, used=len(due.actions))
    _revoke(session, request)
    now = utc_now()
    session.add(
        RequestRollback(
            request_id=request.id,
            clear_number=due.clear_number,
            dag_id=dag,
            run_id=run_id,
            actions=list(due.actions),
            started_at=now,
        )
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
            detail={"actions": list(due.actions), "reason": "the run failed"},
        )
    )
    return True


def _due(session: Session, request: Request) -> _Due | None:
    """The rollback that the request's present state asks for; None where none does, or where it was started."""
    run = read_runs(session, [run_key(request)]).get(run_key(request))
    plan = plans_of(session, [request]).get((request.catalog, request.item_id, request.revision))
    if run is None or plan is None or run.state != "failed":
        return None
    mode: Mode = "automatic" if request.mode == "automatic" else "manual"
    way = plan.fulfillment(mode)
    before = rollback_of(session, [request]).get(request.id)
    if way.on_failure != "rollback" or (before is not None and before.clear_number == run.clear_number):
        return None
    actions = undo_order(way, run.tasks)
    if not actions:
        return None
    tries = {name: run.tasks[action_task_id(name)].try_number for name in actions}
    return _Due(plan=plan, mode=mode, clear_number=run.clear_number, actions=actions, tries=tries)


def _rollback_conf(request: Request, due: _Due) -> RunConf:
    way = due.plan.fulfillment(due.mode)
    undone = [way.action(name) for name in due.actions]
    return RunConf(
        request=info_of(request, due.mode, UserInfo.model_validate(request.user)),
        item_id=request.item_id,
        revision=request.revision,
        fields=request.fields,
        rollback=RollbackInfo(
            clear_number=due.clear_number,
            header=due.plan.header,
            field_types={field.id: field.type for field in due.plan.fields},
            steps=tuple(
                UndoStep(
                    action=action.name,
                    mode=due.mode,
                    type=action.type,
                    try_number=due.tries[action.name],
                    undo=action.rollback,
                )
                for action in undone
                if action.rollback is not None
            ),
        ),
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
            key=REVOKED_KEY,
            value=True,
            task_id=task_id,
            dag_id=request.dag_id,
            run_id=str(request.id),
            session=session,
        )
