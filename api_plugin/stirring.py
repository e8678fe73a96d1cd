"""Which requests may have changed since they were last looked at: so that a list of ended ones costs one small query.

Airflow writes down when it touched a run. A run that ended is not touched again, unless an operator clears or marks it.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from airflow.models.dagrun import DagRun
from airflow.utils.state import DagRunState
from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.orm import Session

from api_plugin.status_views import ENDED
from api_plugin.store.requests import Request, RequestEscalation, RequestRollback


def stirring(session: Session, ids: Sequence[uuid.UUID]) -> list[uuid.UUID]:
    """Those that have not ended, and those that ended and whose runs were touched since."""
    return list(
        session.scalars(select(Request.id).where(Request.id.in_(ids), or_(Request.status.not_in(ENDED), touched())))
    )


def touched() -> ColumnElement[bool]:
    """Whether Airflow touched a run of the request after it was looked at last, or has one that has not ended."""
    return _any_run(or_(_later(), ~_at_rest()))


def ended_since() -> ColumnElement[bool]:
    """Whether a run of the request has ended, or was touched after its end, since the request was looked at last."""
    return _any_run(_later() & _at_rest())


def _later() -> ColumnElement[bool]:
    return DagRun.updated_at > Request.updated_at


def _at_rest() -> ColumnElement[bool]:
    return DagRun.state.in_([DagRunState.SUCCESS, DagRunState.FAILED])


def _any_run(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether a run of the request, its own or one that was started for it, is so."""
    own = exists().where(DagRun.dag_id == Request.dag_id, DagRun.run_id == Request.run_id, condition)
    further = (
        exists().where(
            table.request_id == Request.id,
            DagRun.dag_id == table.dag_id,
            DagRun.run_id == table.run_id,
            condition,
        )
        for table in (RequestRollback, RequestEscalation)
    )
    return or_(own, *further)
