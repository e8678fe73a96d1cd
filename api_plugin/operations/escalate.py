"""Hands a failed request over to people: its item's manual fulfillment goes on under the request's id."""

from __future__ import annotations

from sqlalchemy.orm import Session

from api_plugin.escalating import start_escalation
from api_plugin.exceptions import conflict
from api_plugin.operations.acting import audit, look_at, status_of
from api_plugin.operations.transitions import require
from api_plugin.principals import Principal
from api_plugin.projection import mode_of
from api_plugin.runs import DagShelf, OtherRevisionError
from api_plugin.store.requests import Request


def escalate(session: Session, shelf: DagShelf, request: Request, caller: Principal) -> None:
    """Start the manual fulfillment of a locked request; commits nothing. Raises a 409 problem where it can't be."""
    require("escalate", status_of(request))
    if mode_of(request) == "manual":
        raise conflict(
            "already-manual",
            "this request is fulfilled by hand already; retry it, or roll it back",
        )
    found = look_at(session, request)
    if found.escalation is not None and found.escalation_run is not None:
        raise conflict(
            "already-escalated",
            "the manual fulfillment of this request has failed too; retry it, or roll the request back",
        )
    try:
        start_escalation(session, shelf, found, actor=caller.id)
    except OtherRevisionError:
        raise conflict(
            "other-revision",
            "the item has changed since, and its manual fulfillment with it; order it anew with mode 'manual', or "
            "roll this request back",
        ) from None
    audit(session, caller, "escalate", request)
