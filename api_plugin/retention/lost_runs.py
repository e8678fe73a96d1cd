"""Ends requests whose runs Airflow has lost: deleted before they had ended, by `airflow db clean` or by hand.

Nothing can go on without its run, so a person must look; otherwise such a request would be in progress for ever.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace

from pydantic import TypeAdapter
from sqlalchemy import select
from sqlalchemy.orm import Session

from api_plugin.airflow_state import read_runs
from api_plugin.projection import run_key
from api_plugin.recording import record
from api_plugin.status_views import ENDED, ActionStatus, ActionView, RequestStatus, RequestView
from api_plugin.store.requests import Request

LOST = (
    "Airflow no longer has the run of this request: it was deleted before it had ended, by 'airflow db clean' or by "
    "hand. What was at work then may have gone on: look at its targets, then order the item anew"
)

_ACTIONS = TypeAdapter(tuple[ActionView, ...])
_END: dict[str, RequestStatus] = {"rolling_back": "rollback_failed", "cancelling": "cancelled"}
_ACTION_END: dict[ActionStatus, ActionStatus] = {
    "running": "outcome_unknown",
    "waiting": "outcome_unknown",
    "retrying": "outcome_unknown",
    "pending": "skipped",
}


def end_lost(session: Session, ids: Sequence[uuid.UUID]) -> int:
    """End those of these requests whose run is gone; how many there were. Commits nothing."""
    requests = session.scalars(
        select(Request)
        .where(Request.id.in_(ids), Request.status.not_in(ENDED))
        .order_by(Request.id)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()
    runs = read_runs(session, [run_key(request) for request in requests])
    lost = [request for request in requests if run_key(request) not in runs]
    for request in lost:
        record(session, request, _view(request), None)
    session.flush()
    return len(lost)


def _view(request: Request) -> RequestView:
    """The request as it was seen last, ended."""
    state = request.state
    seen = state.get("seen", {})
    actions = _ACTIONS.validate_python([{"mode": request.mode} | action for action in state["actions"]])
    return RequestView(
        status=_END.get(request.status, "failed"),
        at=None,
        started_at=next((action.started_at for action in actions if action.started_at), None),
        actions=tuple(replace(action, status=_ACTION_END.get(action.status, action.status)) for action in actions),
        error=LOST,
        warnings=tuple(state["warnings"]),
        rollback="rollback_failed" if request.status == "rolling_back" else state.get("rollback"),
        rollback_try=seen.get("rollback_try"),
        clear_number=seen.get("clear_number", 0),
        by_hand=False,
    )
