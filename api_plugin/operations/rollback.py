"""Rolls a request back because a person asks: what it did is undone, newest first.

Where a rollback failed before, only what it did not undo is tried again.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from api_plugin.exceptions import conflict
from api_plugin.operations.acting import audit, look_at, status_of
from api_plugin.operations.transitions import require
from api_plugin.principals import Principal
from api_plugin.rolling_back import Found, start_rollback, undo_the_rest
from api_plugin.runs import DagShelf
from api_plugin.store.requests import Request


def roll_back(session: Session, shelf: DagShelf, request: Request, caller: Principal) -> None:
    """Start undoing a locked request; commits nothing. Raises a 409 problem where there is nothing to undo."""
    require("rollback", status_of(request))
    found = look_at(session, request)
    actions = _undo(session, shelf, found, caller)
    if not actions:
        raise conflict("nothing-to-undo", _why_nothing(found))
    audit(session, caller, "rollback", request, actions=list(actions))


def _undo(session: Session, shelf: DagShelf, found: Found, caller: Principal) -> tuple[str, ...]:
    if found.rollback is not None and found.rollback_run is not None and not found.rollback_run.kept:
        return undo_the_rest(session, found.rollback, actor=caller.id)
    return start_rollback(session, shelf, found, actor=caller.id)


def _why_nothing(found: Found) -> str:
    if found.rollback is not None:
        return "everything that this request did was undone before; there is nothing left to undo"
    return (
        "there is nothing to undo: none of this request's actions that have a rollback had an effect; what others did "
        "must be undone by hand"
    )
