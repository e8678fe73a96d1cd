"""Writes what is new of a request: its events, in order, and its row. Called under the lock of the row.

Events tell when things happened, as far as that is known, but never before what was told already, nor in the future.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, cast

from pydantic import BaseModel, ConfigDict
from sqlalchemy.orm import Session

from api_plugin.airflow_log import Acts, Kind, acts_since
from api_plugin.cancellation import cancellation_of
from api_plugin.clock import utc_now, utc_text
from api_plugin.notifications.outbox import note
from api_plugin.status_views import ENDED, ActionView, RequestStatus, RequestView
from api_plugin.store.requests import Request, RequestEvent, RequestRollback
from api_plugin.timeline import steps
from catalog_compiler.sealing import masked


class Seen(BaseModel):
    """What the last look saw beside the statuses: part of `Request.state`."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    told_at: dt.datetime
    """The time of the last event."""
    clear_number: int = 0
    """The try of the run."""
    rollback_try: str | None = None
    """That of its rollback."""
    log_id: int = 0
    """The last line of Airflow's log that was told of."""


def record(session: Session, request: Request, view: RequestView, rollback: RequestRollback | None) -> bool:
    """Append what happened since the last look, and keep what is now. Tells whether anything is new."""
    now = utc_now()
    seen = _seen(request, view, now)
    path = steps(
        cast("RequestStatus", request.status),
        view.status,
        again=seen.rollback_try is not None and seen.rollback_try != view.rollback_try,
        new_try=seen.clear_number != view.clear_number,
        begun=view.started_at is not None,
    )
    acts = _acts(session, request, rollback, seen) if _asks(request, view, path) else Acts()
    actions = [action_json(action) for action in view.actions]
    news = list(_news(request, view, path, actions, acts))
    told = _tell(session, request, seen.told_at, now, iter(news))
    for kind, _, data in news:
        note(session, request, kind, data, run_try=view.clear_number)
    state = {
        "actions": actions,
        "error": view.error,
        "warnings": list(view.warnings),
        "rollback": view.rollback,
        "seen": Seen(
            told_at=told,
            clear_number=view.clear_number,
            rollback_try=view.rollback_try,
            log_id=acts.told(filter(None, (_kind(view, status) for status in path)), seen.log_id),
        ).model_dump(mode="json"),
    }
    if path:
        request.status = view.status
        request.ended_at = told if view.ended else None
    if state == request.state:
        return False
    request.updated_at = now
    request.state = state
    request.snapshot_at = request.slimmed_at = None
    return True


def _seen(request: Request, view: RequestView, now: dt.datetime) -> Seen:
    """What the last look saw; a request of before this was kept is taken as it is."""
    if "seen" in request.state:
        return Seen.model_validate(request.state["seen"])
    told_at = min(request.updated_at, now)
    return Seen(told_at=told_at, clear_number=view.clear_number, rollback_try=view.rollback_try)


def _asks(request: Request, view: RequestView, path: tuple[RequestStatus, ...]) -> bool:
    """Whether a person may have done it, so that Airflow's log is asked: seldom, and never on the way through."""
    return bool(path) and (view.by_hand or request.status in ENDED or "queued" in path)


def _acts(session: Session, request: Request, rollback: RequestRollback | None, seen: Seen) -> Acts:
    undo = None if rollback is None else (rollback.dag_id, rollback.run_id)
    return acts_since(session, (request.dag_id, request.run_id), undo, seen.told_at, seen.log_id)


_News = tuple[str, dt.datetime | None, dict[str, Any]]
"""An event to be told: its type, when it happened as far as is known, and what it says."""


def _news(
    request: Request, view: RequestView, path: tuple[RequestStatus, ...], actions: list[dict[str, Any]], acts: Acts
) -> Iterator[_News]:
    """What is new, in the order in which it happened: a run begins before its actions, and ends after them."""
    *passed, last = path or (None,)
    begins = last in {"queued", "in_progress"}
    for status in [*passed, *([last] if begins else [])]:
        yield "status", view.started_at if status == "in_progress" else None, _said(request, view, status, acts)
    # States of before did not tell the way.
    before = {(action.get("mode", request.mode), action["name"]): action for action in request.state["actions"]}
    changed = [
        (action.ended_at or action.started_at, said)
        for action, said in zip(view.actions, actions, strict=True)
        if before.get((action.mode, action.name)) != said
    ]
    for at, said in sorted(changed, key=lambda each: each[0] or _LAST):
        yield "action", at, {"action": said}
    if last is not None and not begins:
        yield "status", view.at, _said(request, view, last, acts) | {"error": view.error}


_LAST = dt.datetime.max.replace(tzinfo=dt.UTC)


def _said(request: Request, view: RequestView, status: RequestStatus | None, acts: Acts) -> dict[str, Any]:
    by = _by(request, view, status, acts)
    return {"status": status} | ({"by": by} if by else {})


def _by(request: Request, view: RequestView, status: RequestStatus | None, acts: Acts) -> str | None:
    """Who did it, where a person did."""
    cancellation = cancellation_of(request, view.clear_number) if status == "cancelling" else None
    if cancellation is not None:
        return cancellation.by
    if status == "rolling_back" and (starter := acts.who("started")):
        return starter
    kind = _kind(view, status)
    return None if kind is None else acts.who(kind)


def _kind(view: RequestView, status: RequestStatus | None) -> Kind | None:
    """What led to that status, where a person did it."""
    match status:
        case "queued":
            return "cleared"
        case "completed" | "failed" | "rolling_back" if view.by_hand:
            return "marked"
        case "rolling_back":
            return "started"
    return None


def _tell(
    session: Session, request: Request, told: dt.datetime, now: dt.datetime, news: Iterator[_News]
) -> dt.datetime:
    """Append the events; gives the time of the last one."""
    for kind, at, data in news:
        told = max(told, min(at or now, now))
        request.event_seq += 1
        session.add(RequestEvent(request_id=request.id, seq=request.event_seq, at=told, type=kind, data=data))
    return told


def action_json(action: ActionView) -> dict[str, Any]:
    """An action as people see it: secret outputs masked, times as text."""
    plain = asdict(action)
    if action.undo_url is None:
        # Most have none; and an action that was told of before there was this is not told of once more.
        del plain["undo_url"]
    shown: dict[str, Any] = json.loads(json.dumps({**plain, "outputs": masked(plain["outputs"])}, default=_time))
    return shown


def _time(value: object) -> str:
    if isinstance(value, dt.datetime):
        return utc_text(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
