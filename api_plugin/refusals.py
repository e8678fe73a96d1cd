"""Puts refusals on record: who tried what they may not, and who reached for a request that is none of theirs.

What is refused because of a request's state is not among them: that happens to everybody, and says nothing of them.
"""

from __future__ import annotations

import asyncio
import datetime as dt

import structlog
from airflow.utils.session import create_session
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import HTTPConnection

from api_plugin.clock import utc_now
from api_plugin.correlation import correlation_id
from api_plugin.exceptions import ApiProblem
from api_plugin.store.access import Audit

log = structlog.get_logger(__name__)

MOST = 60
"""Refusals of one caller that are put on record within `WITHIN`: a flood of them must not fill the audit trail."""
WITHIN = dt.timedelta(minutes=1)


async def put_on_record(connection: HTTPConnection, problem: ApiProblem) -> None:
    """Write down that the caller was refused, where the problem is of that kind; never raises for the database."""
    caller: tuple[str, str | None] | None = getattr(connection.state, "caller", None)
    if not problem.refusal or caller is None:
        return
    actor, address = caller
    entry = Audit(
        at=utc_now(),
        actor=actor,
        action=_operation(connection),
        target=str(connection.path_params.get("request_id") or connection.url.path)[:200],
        outcome="refused",
        address=address,
        correlation_id=correlation_id(),
        detail={"status": problem.status, "code": problem.code, "reason": problem.detail},
    )
    try:
        await asyncio.to_thread(_write, entry)
    except SQLAlchemyError as error:
        log.warning("refusal not on record", actor=actor, action=entry.action, error=str(error).partition("\n")[0])


def _operation(connection: HTTPConnection) -> str:
    """As the documentation names it: its method, and its path with the names of what varies."""
    method = connection.scope.get("method", "WS")
    return f"{method} {getattr(connection.scope.get('route'), 'path', connection.url.path)}"[:200]


def _write(entry: Audit) -> None:
    with create_session(scoped=False) as session:
        of_late = select(func.count()).where(
            Audit.at > entry.at - WITHIN, Audit.actor == entry.actor, Audit.outcome == "refused"
        )
        if (session.scalar(of_late) or 0) < MOST:
            session.add(entry)
            session.commit()
