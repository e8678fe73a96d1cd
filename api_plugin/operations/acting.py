"""What operations share: the request's row is locked and up to date, the caller may, and it is on record who did it.

Two that come at the same time wait for each other by that lock: the second one meets what the first has done.
"""

from __future__ import annotations

import uuid
from typing import cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from api_plugin.clock import utc_now
from api_plugin.correlation import correlation_id
from api_plugin.exceptions import ApiProblem, conflict, not_allowed, not_found
from api_plugin.operations.transitions import Operation
from api_plugin.permissions import Permission
from api_plugin.principals import Principal
from api_plugin.projection import bring_up_to_date
from api_plugin.rolling_back import Found, find
from api_plugin.status_views import RequestStatus
from api_plugin.store.access import Audit
from api_plugin.store.requests import Request


def locked(session: Session, caller: Principal, request_id: uuid.UUID) -> Request:
    """A request that the caller sees, for an operation: locked until the transaction ends.

    Raises a 403 problem where the caller may only see it, as the team that owns its item does.
    """
    its_row = select(Request).where(Request.id == request_id).with_for_update()
    request = session.scalars(its_row.execution_options(populate_existing=True)).one_or_none()
    if request is None:
        raise not_found(f"request '{request_id}' was deleted a moment ago", "unknown-request")
    if request.user_id != caller.id and not caller.may(Permission.REQUEST_OPERATE_ALL):
        raise not_allowed(
            f"'{caller.id}' may see request '{request_id}' and not change it; its requester and platform operators may"
        )
    # Whoever acts on an old request has it looked at again from now on.
    request.updated_at = utc_now()
    session.flush()
    return bring_up_to_date(session, [request_id])[0]


def status_of(request: Request) -> RequestStatus:
    """Its status, as of `locked`."""
    return cast("RequestStatus", request.status)


def look_at(session: Session, request: Request) -> Found:
    """Everything of the request; a 409 problem where too little of it is left to do anything with its run."""
    found = find(session, request)
    if found is None:
        raise run_is_gone()
    return found


def run_is_gone() -> ApiProblem:
    """409: Airflow cleaned up its run, or the item's revision is not known any more."""
    return conflict(
        "run-is-gone",
        "Airflow no longer keeps the run of this request, so nothing of it can be resumed or undone by itself; order "
        "the item anew, and undo by hand what is left",
    )


def audit(session: Session, caller: Principal, operation: Operation, request: Request, **detail: object) -> None:
    """Write down that the caller did it."""
    session.add(
        Audit(
            at=utc_now(),
            actor=caller.id,
            action=f"request.{operation}",
            target=str(request.id),
            outcome="accepted",
            address=caller.address,
            correlation_id=correlation_id(),
            detail=detail,
        )
    )
