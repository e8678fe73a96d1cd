"""What metrics tell of the queue: how many wait for what, since when, and how long others had to."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator

from airflow.models.dagrun import DagRun
from prometheus_client.core import GaugeMetricFamily, Metric
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from api_plugin.clock import utc_now
from api_plugin.queueing.deciding import places
from api_plugin.queueing.limits import Limits
from api_plugin.queueing.reading import OF_RUN, read_queue
from api_plugin.runs import HELD
from api_plugin.store.requests import Request

RECENT = dt.timedelta(minutes=5)
"""The time whose starts the mean wait is taken over."""


def queue_metrics(session: Session, limits: Limits) -> Iterator[Metric]:
    """All of them; without limits nothing is read, and nothing waits."""
    queue = read_queue(session, limits) if limits.any else None
    waiting = queue.waiting if queue else []
    standing = places(limits, queue.running, waiting, queue.turns) if queue else {}
    counts = Counter(place.counted.kind for place in standing.values())
    family = GaugeMetricFamily(
        "pao_queue_waiting", "Requests that wait for their turn, by the limit.", labels=("limit",)
    )
    for kind in ("platform", "user", "item", "action_type"):
        family.add_metric((kind,), float(counts[kind]))
    yield family
    oldest = min((each.since for each in waiting), default=None)
    yield GaugeMetricFamily(
        "pao_queue_oldest_seconds",
        "How long the request has waited that has waited for longest.",
        (utc_now() - oldest).total_seconds() if oldest else 0.0,
    )
    yield GaugeMetricFamily(
        "pao_queue_waited_seconds",
        "How long the requests had waited on average whose turn came in the last five minutes.",
        _mean_wait(session) if limits.any else 0.0,
    )


def _mean_wait(session: Session) -> float:
    waited = func.extract("epoch", DagRun.run_after - DagRun.queued_at)
    mean = session.scalar(
        select(func.avg(waited))
        .select_from(DagRun)
        .join(Request, OF_RUN)
        .where(DagRun.run_after > utc_now() - RECENT, DagRun.run_after < HELD, DagRun.queued_at < DagRun.run_after)
        # One that ended while it waited has the time of its end: its turn never came.
        .where(or_(DagRun.end_date.is_(None), DagRun.run_after < DagRun.end_date))
    )
    return float(mean or 0.0)
