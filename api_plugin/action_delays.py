"""How long it lately took until an action began: from its request's submission, or from the end of the one before it.

Read from what requests tell of their actions, so that it is the same wherever these run: in `pao triggerer`, in
Airflow's own or on workers. What waited for a person is left out: tries after the first, and tickets of escalations.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from prometheus_client.core import GaugeHistogramMetricFamily, Metric
from sqlalchemy import DateTime, Subquery, case, cast, column, func, literal, or_, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from api_plugin.clock import utc_now
from api_plugin.store.requests import Request

RECENT = dt.timedelta(minutes=10)
"""Actions count that began so long ago until now."""
SECONDS = (0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""The upper limits that delays are counted by."""


def delay_metrics(session: Session) -> Iterator[Metric]:
    """Both of them, by the type of the action that began."""
    first = GaugeHistogramMetricFamily(
        "pao_first_action_delay_seconds",
        "Time from a request's submission to the start of its first action, a wait for its turn included, of actions "
        "that began in the last 10 minutes.",
        labels=("type",),
    )
    following = GaugeHistogramMetricFamily(
        "pao_next_action_delay_seconds",
        "Time from the end of an action to the start of the next one, of actions that began in the last 10 minutes.",
        labels=("type",),
    )
    begun = begun_actions()
    delay = func.greatest(func.extract("epoch", begun.c.started_at - begun.c.since), 0)
    rows = session.execute(
        select(
            begun.c.is_first,
            begun.c.type,
            func.count(),
            func.sum(delay),
            *(func.count().filter(delay <= limit) for limit in SECONDS),
        )
        .where(begun.c.started_at > utc_now() - RECENT)
        # The database's clock, which tells the submission, may be a little ahead of the action's.
        .where(or_(begun.c.is_first, begun.c.since <= begun.c.started_at))
        .group_by(begun.c.is_first, begun.c.type)
        .order_by(begun.c.type)
    )
    for is_first, type_, count, total, *buckets in rows:
        counted = [(str(limit), float(found)) for limit, found in zip(SECONDS, buckets, strict=True)]
        (first if is_first else following).add_metric((type_,), [*counted, ("+Inf", float(count))], float(total))
    yield first
    yield following


def begun_actions() -> Subquery:
    """The actions that have begun of requests that something lately became of, and what each waited for last.

    An action that began while another one was at work is not held against that one's end.
    """
    action = func.jsonb_array_elements(Request.state["actions"]).table_valued(column("value", JSONB))
    told = action.c.value
    started_at = cast(told["started_at"].astext, DateTime(timezone=True))
    ended_at = cast(told["ended_at"].astext, DateTime(timezone=True))
    is_first = func.row_number().over(partition_by=Request.id, order_by=started_at) == 1
    earlier_end = func.max(ended_at).over(partition_by=Request.id, order_by=started_at, rows=(None, -1))
    return (
        select(
            is_first.label("is_first"),
            told["type"].astext.label("type"),
            started_at.label("started_at"),
            case((is_first, Request.created_at), else_=earlier_end).label("since"),
        )
        .select_from(Request)
        .join(action, literal(True))
        .where(
            Request.updated_at > utc_now() - RECENT,
            Request.state["seen"]["clear_number"].astext == "0",
            told["mode"].astext == Request.mode,
            started_at.is_not(None),
        )
        .subquery()
    )
