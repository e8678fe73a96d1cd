"""Settles runs that ended: starts the rollback or the manual fulfillment that an item's policy asks for.

Called for one run by its failure callback, and for all by the reconcile DAG, which makes good what a lost callback did
not. Starting is idempotent: what is started belongs to one try of a request, and the run's present state is looked at
first.
"""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

from airflow.models.dagrun import DagRun
from airflow.utils.state import DagRunState, State
from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.orm import Session, aliased

from api_plugin.airflow_log import PLATFORM, acted_on
from api_plugin.clock import utc_now
from api_plugin.escalating import note_failed_escalation, start_escalation
from api_plugin.projection import bring_up_to_date, mode_of, rollback_key, run_key
from api_plugin.rolling_back import Found, find, start_rollback
from api_plugin.runs import DagShelf, OtherRevisionError
from api_plugin.status_views import ENDED, OPEN
from api_plugin.stirring import ended_since
from api_plugin.stopping import lock_run
from api_plugin.store.access import Audit
from api_plugin.store.requests import Request, RequestEscalation, RequestRollback

ACTOR = PLATFORM
"""Who the audit trail and Airflow name for what the platform does by itself."""
_ACTS_OF = dt.timedelta(days=1)
"""Acts of persons that are looked at each time: those of as long as nobody may have reconciled."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Settled:
    """What came of settling a request."""

    request: Request
    rollback_started: bool
    escalated: bool


def request_of_run(session: Session, dag_id: str, run_id: str) -> uuid.UUID | None:
    """The request that a run, its own or one that was started for it, belongs to."""
    own = select(Request.id).where(Request.dag_id == dag_id, Request.run_id == run_id)
    if (request_id := session.scalar(own)) is not None:
        return request_id
    for table in (RequestRollback, RequestEscalation):
        started = select(table.request_id).where(table.dag_id == dag_id, table.run_id == run_id)
        if (request_id := session.scalar(started)) is not None:
            return request_id
    return None


def settle(session: Session, shelf: DagShelf, request_id: uuid.UUID) -> Settled:
    """Start what the request's state asks for, if anything, and bring it up to date. Commits nothing."""
    its_row = select(Request).where(Request.id == request_id).with_for_update()
    request = session.scalars(its_row.execution_options(populate_existing=True)).one()
    # A person may clear it at this moment.
    lock_run(session, run_key(request))
    found = find(session, request)
    escalated = found is not None and _escalate_if_due(session, shelf, found)
    undoing = found is not None and not escalated and _roll_back_if_due(session, shelf, found)
    session.flush()
    settled = bring_up_to_date(session, [request_id])[0]
    return Settled(request=settled, rollback_started=undoing, escalated=escalated)


@dataclass(frozen=True, kw_only=True, slots=True)
class Unsettled:
    """Requests that have not ended, or were cleared in Airflow since, and those of them of which something may be due.

    Due it is where the run has failed, and neither is it being undone nor are people at it.
    """

    all: list[uuid.UUID]
    failed: list[uuid.UUID]


def unsettled(session: Session) -> Unsettled:
    """Look at every request that has not ended: a few queries for any number."""
    ids = session.scalars(select(Request.id).where(Request.status.in_(OPEN)).order_by(Request.created_at))
    failed = session.scalars(
        select(Request.id)
        .join(DagRun, (DagRun.dag_id == Request.dag_id) & (DagRun.run_id == Request.run_id))
        .where(Request.status.in_(OPEN), DagRun.state == DagRunState.FAILED, ~_seen_to())
        .order_by(Request.created_at)
    )
    again = sorted(_begun_again(session) | _begun_and_ended_again(session))
    return Unsettled(all=[*ids, *again], failed=list(failed))


def _seen_to() -> ColumnElement[bool]:
    """Whether what the present try of a request asks for was started, and nothing follows from it yet."""
    manual = aliased(DagRun)
    undone = exists().where(
        RequestRollback.request_id == Request.id, RequestRollback.clear_number == DagRun.clear_number
    )
    in_hand = exists().where(
        RequestEscalation.request_id == Request.id,
        RequestEscalation.clear_number == DagRun.clear_number,
        manual.dag_id == RequestEscalation.dag_id,
        manual.run_id == RequestEscalation.run_id,
        manual.state.in_(State.unfinished_dr_states),
    )
    return or_(undone, in_hand)


def _begun_again(session: Session) -> set[uuid.UUID]:
    """Requests that had ended, and of which something runs again: a person cleared it in Airflow's UI."""
    found: set[uuid.UUID] = set()
    for table, request_id in (
        (Request, Request.id),
        (RequestRollback, RequestRollback.request_id),
        (RequestEscalation, RequestEscalation.request_id),
    ):
        runs = select(request_id).join(DagRun, (DagRun.dag_id == table.dag_id) & (DagRun.run_id == table.run_id))
        going = runs.where(DagRun.state.in_([DagRunState.QUEUED, DagRunState.RUNNING]))
        found |= set(session.scalars(select(Request.id).where(Request.id.in_(going), Request.status.in_(ENDED))))
    return found


def _begun_and_ended_again(session: Session) -> set[uuid.UUID]:
    """Requests that had ended, and of which something ran again and has ended since they were looked at.

    Airflow's log tells whose runs a person cleared or marked: there is no index of runs by when they were touched.
    """
    acted = acted_on(session, utc_now() - _ACTS_OF)
    ended = select(Request.id).where(Request.id.in_(acted), Request.status.in_(ENDED), ended_since())
    return set(session.scalars(ended))


def _escalate_if_due(session: Session, shelf: DagShelf, found: Found) -> bool:
    way = found.plan.fulfillment(mode_of(found.request))
    due = found.run.state == "failed" and way.on_failure == "escalate"
    started = found.escalation is not None or found.rollback is not None
    if not due or started or found.cancellation is not None:
        return False
    try:
        start_escalation(session, shelf, found, actor=ACTOR)
    except OtherRevisionError as error:
        note_failed_escalation(session, found, error)
        return False
    _audit(session, found.request, "request.escalate", "the run failed")
    return True


def _roll_back_if_due(session: Session, shelf: DagShelf, found: Found) -> bool:
    if found.rollback is not None or not _wants_rollback(found):
        return False
    actions = start_rollback(session, shelf, found, actor=ACTOR)
    if not actions:
        return False
    if found.cancellation is not None:
        _, run_id = rollback_key(found.request, found.run.clear_number)
        noted = found.cancellation.model_copy(update={"rollback_run_id": run_id})
        found.request.cancellation = noted.model_dump(mode="json")
    reason = "the request was cancelled" if found.cancellation else "the run failed"
    _audit(session, found.request, "request.rollback", reason, actions=list(actions))
    return True


def _wants_rollback(found: Found) -> bool:
    """By the policy of the way that failed last, or by who cancelled the request."""
    if found.run.state != "failed":
        return False
    if found.cancellation is not None:
        return found.cancellation.undo
    if found.escalation is None:
        return found.plan.fulfillment(mode_of(found.request)).on_failure == "rollback"
    manual = found.escalation_run
    return manual is not None and manual.state == "failed" and found.plan.manual.on_failure == "rollback"


def _audit(session: Session, request: Request, action: str, reason: str, **detail: object) -> None:
    session.add(
        Audit(
            at=utc_now(),
            actor=ACTOR,
            action=action,
            target=str(request.id),
            outcome="started",
            address=None,
            correlation_id=request.correlation_id,
            detail={**detail, "reason": reason},
        )
    )
