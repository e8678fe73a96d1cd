"""Tries a request again: resumes it where it failed, or orders it anew where that can't be, or values are to change."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import JsonValue
from sqlalchemy.orm import Session

from api_plugin.exceptions import conflict
from api_plugin.operations.acting import audit, run_is_gone, status_of
from api_plugin.operations.anew import order_anew, refuse_twice
from api_plugin.operations.resuming import resume
from api_plugin.operations.transitions import require
from api_plugin.principals import Principal
from api_plugin.projection import rollback_of
from api_plugin.rolling_back import Found, find
from api_plugin.state import ApiState
from api_plugin.store.requests import Request
from api_plugin.undoing import undo_list


def retry(
    session: Session, state: ApiState, request: Request, caller: Principal, changes: Mapping[str, JsonValue]
) -> Request:
    """Try a locked request again; the request that goes on: itself, or a new one. Commits nothing.

    Raises a 409 problem where that can't be, 422 for values that are not accepted, and `OtherRevisionError`.
    """
    require("retry", status_of(request))
    refuse_twice(session, request)
    found = find(session, request)
    if found is not None and not changes and _resumes(session, found):
        actions = resume(session, found, caller)
        audit(session, caller, "retry", request, actions=list(actions))
        return request
    if not changes:
        _refuse_what_stands(found)
    new = order_anew(session, state, request, caller, changes)
    audit(session, caller, "retry", request, new_request=str(new.id), changed=sorted(changes))
    return new


def _resumes(session: Session, found: Found) -> bool:
    """Where Airflow still has the run. Actions of a request that was rolled back once never run again."""
    request = found.request
    return request.status == "failed" and not found.run.kept and request.id not in rollback_of(session, [request])


def _refuse_what_stands(found: Found | None) -> None:
    """A new request with the same values would meet what this one has left."""
    if found is None:
        raise run_is_gone()
    undone = found.rollback is not None and found.request.state.get("rollback") == "rolled_back"
    if not undone and undo_list(found.ways):
        raise conflict(
            "left-standing",
            "what this request did has not been undone, and another with the same values would meet it; roll the "
            "request back first, or retry it with 'fields' that differ",
        )
