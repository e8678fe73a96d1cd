"""Keeps what Airflow knows of requests that have ended, so that they can be read and undone when its rows are gone.

Called by the reconcile operation. Outputs stay sealed, as actions left them; a request whose state changes afterwards
is kept anew.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from api_plugin.airflow_state import RunKey, read_runs
from api_plugin.clock import utc_now
from api_plugin.projection import run_key
from api_plugin.run_record import RunRecord
from api_plugin.store.requests import Request, RequestEscalation, RequestRollback
from api_plugin.store.snapshots import RunSnapshot


def without_snapshot(session: Session, limit: int) -> list[uuid.UUID]:
    """Requests that have ended and are not kept yet, those that ended first before others."""
    due = select(Request.id).where(Request.ended_at.is_not(None), Request.snapshot_at.is_(None))
    return list(session.scalars(due.order_by(Request.ended_at).limit(limit)))


def take_snapshots(session: Session, ids: Sequence[uuid.UUID]) -> int:
    """Keep the runs of these requests; how many there were. Requests at which somebody else is at work wait."""
    requests = session.scalars(
        select(Request)
        .where(Request.id.in_(ids), Request.ended_at.is_not(None))
        .order_by(Request.id)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()
    whose = runs_of(session, requests)
    runs = read_runs(session, whose)
    now = utc_now()
    rows = [
        {
            "dag_id": key[0],
            "run_id": key[1],
            "request_id": whose[key],
            "taken_at": now,
            "run": RunRecord.of(run).model_dump(mode="json"),
        }
        for key, run in runs.items()
    ]
    if rows:
        statement = insert(RunSnapshot).values(rows)
        changed = {"run": statement.excluded.run, "taken_at": statement.excluded.taken_at}
        session.execute(statement.on_conflict_do_update(index_elements=["dag_id", "run_id"], set_=changed))
    for request in requests:
        request.snapshot_at = now
    session.flush()
    return len(requests)


def runs_of(session: Session, requests: Sequence[Request]) -> dict[RunKey, uuid.UUID]:
    """All runs of these requests, those of their manual fulfillments and rollbacks too, each with its request."""
    found: dict[RunKey, uuid.UUID] = {run_key(request): request.id for request in requests}
    ids = [request.id for request in requests]
    for table in (RequestRollback, RequestEscalation):
        rows = session.execute(select(table.dag_id, table.run_id, table.request_id).where(table.request_id.in_(ids)))
        found |= {(row.dag_id, row.run_id): row.request_id for row in rows}
    return found
