"""Cancels a request: stops what has not ended, and has what was done undone.

Stopping and the note of who wanted it are written together, before the undo is started: where that can't be started
now, or the process dies in between, reconciling starts it.
"""

from __future__ import annotations

import uuid
from typing import Any

import structlog
from airflow.models.log import Log
from sqlalchemy import select
from sqlalchemy.orm import Session

from api_plugin.airflow_state import RunKey
from api_plugin.cancellation import Cancellation
from api_plugin.clock import utc_now
from api_plugin.correlation import correlation_id
from api_plugin.exceptions import ApiProblem, conflict, not_found
from api_plugin.operations.transitions import require
from api_plugin.principals import Principal
from api_plugin.projection import bring_up_to_date, escalation_key, mode_of, plans_of, run_key
from api_plugin.runs import DagShelf
from api_plugin.settling import settle
from api_plugin.status_views import RequestStatus
from api_plugin.stopping import lock_run, stop_run
from api_plugin.store.access import Audit
from api_plugin.store.requests import Request
from catalog_compiler.plan import Mode

log = structlog.get_logger(__name__)


def cancel(
    session: Session, shelf: DagShelf, request_id: uuid.UUID, caller: Principal, *, undo: bool | None
) -> Request:
    """Cancel a request that the caller may cancel; commits. Again while it is being cancelled: nothing more is done.

    `undo` says whether what was done is undone; None leaves it to the item's `on_failure`. Raises a 409 problem where
    the request has ended, or is being rolled back.
    """
    request = session.scalars(select(Request).where(Request.id == request_id).with_for_update()).one_or_none()
    if request is None:
        raise not_found(f"request '{request_id}' was deleted a moment ago", "unknown-request")
    runs = _runs(request)
    clear_number, *_ = [lock_run(session, run) for _, run in runs]
    bring_up_to_date(session, [request_id])
    status: RequestStatus = request.status  # type: ignore[assignment]  # the column holds nothing else
    if not require("cancel", status):
        session.commit()
        return request
    if clear_number is None:
        raise conflict("run-is-gone", "the request's run is gone from Airflow, so there is nothing left to stop")
    wanted = _undoes(session, request) if undo is None else undo
    cancellation = Cancellation(
        clear_number=clear_number,
        at=utc_now(),
        by=caller.id,
        undo=wanted,
        stopped=tuple((mode, name) for mode, run in runs for name in stop_run(session, run)),
    )
    request.cancellation = cancellation.model_dump(mode="json")
    _write_down(session, request, cancellation, caller, status)
    bring_up_to_date(session, [request_id])
    session.commit()
    _start_undo(session, shelf, request_id)
    return request


def _runs(request: Request) -> list[tuple[Mode, RunKey]]:
    """The request's own run, and the one that people may have taken it over with."""
    mode = mode_of(request)
    manual: list[tuple[Mode, RunKey]] = [] if mode == "manual" else [("manual", escalation_key(request))]
    return [(mode, run_key(request)), *manual]


def _start_undo(session: Session, shelf: DagShelf, request_id: uuid.UUID) -> None:
    """The request is cancelled, whatever comes of this: reconciling tries it again."""
    try:
        settle(session, shelf, request_id)
        session.commit()
    except ApiProblem as problem:
        session.rollback()
        log.warning("rollback not started yet", request_id=str(request_id), reason=problem.detail)
        bring_up_to_date(session, [request_id])


def _undoes(session: Session, request: Request) -> bool:
    """What the item wants where the caller says nothing: what it holds after a failure, it holds here."""
    plan = plans_of(session, [request]).get((request.catalog, request.item_id, request.revision))
    return plan is None or plan.fulfillment(mode_of(request)).on_failure != "hold"


def _write_down(
    session: Session, request: Request, cancellation: Cancellation, caller: Principal, status: RequestStatus
) -> None:
    detail: dict[str, Any] = {
        "rollback": cancellation.undo,
        "stopped": [name for _, name in cancellation.stopped],
        "status": status,
    }
    session.add(
        Audit(
            at=cancellation.at,
            actor=caller.id,
            action="request.cancel",
            target=str(request.id),
            outcome="accepted",
            address=caller.address,
            correlation_id=correlation_id(),
            detail=detail,
        )
    )
    # Airflow's own log has it as the mark that it is there.
    line = Log(event="patch_dag_run", owner=caller.id, owner_display_name=caller.id, extra="by PAO: cancelled")
    line.dttm, line.dag_id, line.run_id = cancellation.at, request.dag_id, request.run_id
    session.add(line)
