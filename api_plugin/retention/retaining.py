"""Deletes what has been kept for long enough: requests that have ended with their runs and logs, and the audit trail.

In small transactions, each whole: a process that dies in between has deleted some, and the next goes on. Logs go before
their rows, so that nothing is left that no row leads to. A request with something active keeps what undoing it needs.
"""

from __future__ import annotations

import datetime as dt
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from airflow.models.dagrun import DagRun
from sqlalchemy import delete, select, tuple_, update
from sqlalchemy.orm import Session

from api_plugin.airflow_state import RunKey
from api_plugin.idempotency import delete_old_answers
from api_plugin.request_files import delete_files, delete_orphans
from api_plugin.retention.run_logs import delete_logs
from api_plugin.retention.snapshots import runs_of, take_snapshots
from api_plugin.status_views import ENDED
from api_plugin.store.access import Audit
from api_plugin.store.requests import Request, RequestEvent
from api_plugin.store.resources import Resource

BATCH = 50
"""Requests that one transaction deletes."""
AUDIT_BATCH = 5_000
"""Entries of the audit trail that one transaction deletes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Periods:
    """How long what is kept, None for ever."""

    completed: dt.timedelta | None
    failed: dt.timedelta | None
    audit: dt.timedelta | None

    @classmethod
    def of_days(cls, *, completed: float, failed: float, audit: float) -> Periods:
        """By the settings, whose 0 is for ever."""
        days = {"completed": completed, "failed": failed, "audit": audit}
        return cls(**{name: dt.timedelta(days=value) if value else None for name, value in days.items()})


@dataclass(kw_only=True, slots=True)
class Retained:
    """What came of it."""

    deleted: int = 0
    """Requests that are gone."""
    slimmed: int = 0
    """Requests of which something is active: all but what undoing them needs is gone."""
    audit: int = 0
    """Entries of the audit trail that are gone."""
    answers: int = 0
    """Answers to calls with an `Idempotency-Key` that are gone."""
    orphans: int = 0
    """Requests that were never made, whose files are gone."""
    more: bool = False
    """Whether time was up before everything was done."""


def retain(
    session: Session, periods: Periods, now: dt.datetime, *, seconds: float, clock: Callable[[], float] = time.monotonic
) -> Retained:
    """Delete what is old enough for at most about so many seconds; commits each batch by itself.

    Raises OSError where the storage of files is away.
    """
    done, end = Retained(), clock() + seconds
    while clock() < end and (count := delete_old_answers(session)):
        session.commit()
        done.answers += count
    done.orphans = delete_orphans(session)
    for completed, period in ((True, periods.completed), (False, periods.failed)):
        while period is not None and (ids := _due(session, now - period, completed=completed)):
            if clock() >= end:
                done.more = True
                return done
            _delete(session, ids, done, now)
            session.commit()
    while periods.audit is not None and (count := _delete_audit(session, now - periods.audit)):
        session.commit()
        done.audit += count
        if clock() >= end:
            done.more = True
            return done
    return done


def _due(session: Session, before: dt.datetime, *, completed: bool) -> Sequence[uuid.UUID]:
    """A batch of requests that ended before that time, the oldest first, locked; those at which others are wait."""
    status = Request.status == "completed" if completed else Request.status.in_(ENDED - {"completed"})
    return session.scalars(
        select(Request.id)
        .where(Request.ended_at < before, Request.slimmed_at.is_(None), status)
        .order_by(Request.ended_at)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    ).all()


def _delete(session: Session, ids: Sequence[uuid.UUID], done: Retained, now: dt.datetime) -> None:
    standing = select(Resource.request_id).where(Resource.request_id.in_(ids), Resource.state == "active")
    active = set(session.scalars(standing.distinct()))
    if active:
        # What is to be undone later must not depend on rows that go now.
        take_snapshots(session, sorted(active))
    requests = session.scalars(select(Request).where(Request.id.in_(ids))).all()
    runs = list(runs_of(session, requests))
    delete_logs(runs)
    delete_runs(session, runs)
    gone = [request_id for request_id in ids if request_id not in active]
    for request in requests:
        if request.id not in active:
            delete_files(request)
    session.execute(update(Request).where(Request.parent_id.in_(gone)).values(parent_id=None))
    session.execute(delete(Request).where(Request.id.in_(gone)).execution_options(synchronize_session=False))
    session.execute(delete(RequestEvent).where(RequestEvent.request_id.in_(active)))
    session.execute(
        update(Request)
        .where(Request.id.in_(active))
        .values(slimmed_at=now, comment=None)
        .execution_options(synchronize_session=False)
    )
    done.deleted += len(gone)
    done.slimmed += len(active)


def delete_runs(session: Session, runs: Sequence[RunKey]) -> None:
    """Delete runs from Airflow; their tasks and XComs go with them by its own foreign keys."""
    session.execute(
        delete(DagRun)
        .where(tuple_(DagRun.dag_id, DagRun.run_id).in_(runs))
        .execution_options(synchronize_session=False)
    )


def _delete_audit(session: Session, before: dt.datetime) -> int:
    old = select(Audit.id).where(Audit.at < before).order_by(Audit.at).limit(AUDIT_BATCH)
    gone = session.scalars(delete(Audit).where(Audit.id.in_(old)).returning(Audit.id)).all()
    return len(gone)
