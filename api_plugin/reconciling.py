"""Settles every request that has not ended, each by itself: one that can't be settled keeps no other from it.

Called by the operation that the reconcile DAG calls.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy.orm import Session

from api_plugin.exceptions import ApiProblem
from api_plugin.outages import database_away
from api_plugin.projection import bring_up_to_date
from api_plugin.queueing.admitting import admit_all, let_go_of_ended
from api_plugin.queueing.holding import configured
from api_plugin.retention.lost_runs import end_lost
from api_plugin.retention.snapshots import take_snapshots, without_snapshot
from api_plugin.runs import DagShelf
from api_plugin.settling import settle, unsettled
from api_plugin.sla import flag_overdue

log = structlog.get_logger(__name__)

BATCH = 50
"""Requests that are brought up to date in one transaction: who watches one of them is told nothing meanwhile."""

SNAPSHOTS = 5_000
"""Requests that one call keeps in snapshots; it is called each minute."""

Ids = Sequence[uuid.UUID]


@dataclass(frozen=True, kw_only=True, slots=True)
class Reconciled:
    """What came of it."""

    examined: int
    rollbacks_started: int
    failures: Mapping[uuid.UUID, str]
    """The requests that could not be settled, each with why; they are looked at again the next time."""
    lost: int
    """Requests that were ended because Airflow has lost their runs."""
    snapshots: int
    """Requests that had ended, and whose runs are kept now."""


def reconcile_all(session: Session, shelf: DagShelf) -> Reconciled:
    """Start what lost callbacks did not, and bring every request up to date; commits each piece of work by itself.

    Requests whose turn it is are let start as well, should nobody else do it. Those that have ended are kept in
    snapshots, `SNAPSHOTS` at most.
    """
    wanted = unsettled(session)
    failures: dict[uuid.UUID, str] = {}

    def settled(ids: Ids) -> int:
        return sum(settle(session, shelf, request_id).rollback_started for request_id in ids)

    def brought_up_to_date(ids: Ids) -> int:
        bring_up_to_date(session, ids, wait=False)
        return end_lost(session, ids)

    def kept(ids: Ids) -> int:
        return take_snapshots(session, ids)

    started = sum(_piece(session, [request_id], settled, failures) for request_id in wanted.failed)
    lost = sum(_piece(session, some, brought_up_to_date, failures) for some in batched(wanted.all, BATCH))
    admit_all(session, configured())
    let_go_of_ended(session)
    flag_overdue(session)
    session.commit()
    ended = without_snapshot(session, SNAPSHOTS)
    snapshots = sum(_piece(session, some, kept, failures) for some in batched(ended, BATCH))
    return Reconciled(
        examined=len(wanted.all), rollbacks_started=started, failures=failures, lost=lost, snapshots=snapshots
    )


def batched(ids: Ids, size: int) -> Iterator[Ids]:
    """The ids in parts of that size, so that no transaction grows with the number of requests."""
    return (ids[start : start + size] for start in range(0, len(ids), size))


def _piece(session: Session, ids: Ids, work: Callable[[Ids], int], failures: dict[uuid.UUID, str]) -> int:
    """Do the work on these requests in one transaction; where that fails, on each of them in one of its own.

    Without the database nothing can be done for any of them, so that alone ends it all.
    """
    try:
        done = work(ids)
        session.commit()
    except Exception as error:
        session.rollback()
        if database_away(error):
            raise
        if len(ids) > 1:
            return sum(_piece(session, [request_id], work, failures) for request_id in ids)
        log.exception("request not settled", request_id=str(ids[0]))
        failures.setdefault(ids[0], _reason(error))
        return 0
    return done


def _reason(error: Exception) -> str:
    """Why, as a caller may know it: a problem's own words, of any other failure its kind alone."""
    if isinstance(error, ApiProblem):
        return error.detail
    return f"{type(error).__name__}; the API server's log has more under the request's id"
