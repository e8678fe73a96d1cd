"""What the platform measures of itself, for Prometheus: read by a handful of queries, at most once in some seconds.

All values are states of the database, so every API server tells the same; none is counted in a process.
"""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import version

from prometheus_client.core import (
    CollectorRegistry,
    GaugeHistogramMetricFamily,
    GaugeMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from sqlalchemy import Row, Select, and_, case, column, func, literal, not_, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from api_plugin.action_delays import delay_metrics
from api_plugin.breakers import CLOSED, renewed_since
from api_plugin.clock import utc_now
from api_plugin.followed import is_followed
from api_plugin.health import DISTRIBUTION, check_health
from api_plugin.queueing.holding import configured
from api_plugin.queueing.measuring import queue_metrics
from api_plugin.sla import overdue_requests
from api_plugin.status_views import ENDED
from api_plugin.store.catalog import Catalog, CatalogItem, WebhookDelivery
from api_plugin.store.requests import Request
from api_plugin.store.targets import Breaker

FRESH_SECONDS = 5.0
"""For so long what was read is told again."""
ACTIONS_OF = dt.timedelta(days=1)
"""Actions are counted for the requests of so long ago until now."""
PROMISES_OF = dt.timedelta(days=7)
"""Times to completion are compared with promises for the requests of so long ago until now."""
_PARTS = (0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 4.0)
_LEVELS = ("healthy", "degraded", "unhealthy")


class MetricsCache:
    """The metrics of this process's database, read once for all that ask at the same time."""

    def __init__(self, seconds: float = FRESH_SECONDS) -> None:
        """Remember them for so many seconds."""
        self._seconds = seconds
        self._lock = threading.Lock()
        self._read_at = float("-inf")
        self._metrics: Sequence[Metric] = ()

    def exposition(self, session: Session, accept: str) -> tuple[bytes, str]:
        """The metrics as text, and its content type: OpenMetrics where `accept` asks for it, else Prometheus text."""
        with self._lock:
            if time.monotonic() - self._read_at >= self._seconds:
                self._metrics = tuple(read_metrics(session))
                self._read_at = time.monotonic()
            metrics = self._metrics
        encode, content_type = choose_encoder(accept)
        registry = CollectorRegistry(auto_describe=False)
        registry.register(_Told(metrics))
        return encode(registry), content_type


class _Told(Collector):
    def __init__(self, metrics: Sequence[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        return self._metrics


def read_metrics(session: Session) -> Iterator[Metric]:
    """All of them, as they are now."""
    yield InfoMetricFamily("pao", "The version of the platform.", {"version": version(DISTRIBUTION)})
    yield _health(session)
    yield _family(
        "pao_requests", "Requests by catalog, item and status.", ("catalog", "item", "status"),
        session.execute(requests_query()).all(),
    )  # fmt: skip
    yield _family(
        "pao_oldest_request_seconds", "Age of the oldest request of each status that has not ended.", ("status",),
        [(row[0], (utc_now() - row[1]).total_seconds()) for row in session.execute(oldest_query())],
    )  # fmt: skip
    yield from queue_metrics(session, configured())
    yield _family(
        "pao_requests_overdue", "Requests that have not ended and are later than promised.", ("catalog", "item"),
        session.execute(_overdue()).all(),
    )  # fmt: skip
    yield _promised_time(session)
    yield _family(
        "pao_actions", "Actions of the requests of the last 24 hours by type and status.", ("type", "status"),
        session.execute(_actions()).all(),
    )  # fmt: skip
    yield from delay_metrics(session)
    yield _family(
        "pao_catalog_items", "Items by catalog and state.", ("catalog", "state"), session.execute(_items()).all()
    )
    yield from _catalogs(session)
    yield from _breakers(session)
    yield _family(
        "pao_webhook_deliveries", "Deliveries of webhooks that are remembered against replay, by sender.", ("sender",),
        session.execute(
            select(WebhookDelivery.host, func.count()).group_by(WebhookDelivery.host).order_by(WebhookDelivery.host)
        ).all(),
    )  # fmt: skip


def requests_query() -> Select[str, str, str, int]:
    """Requests by catalog, item and status, from an index alone."""
    by = (Request.catalog, Request.item_id, Request.status)
    return select(*by, func.count()).group_by(*by).order_by(*by)


def oldest_query() -> Select[str, dt.datetime]:
    """When the oldest request of each status that has not ended was made."""
    return (
        select(Request.status, func.min(Request.created_at))
        .where(Request.status.not_in(ENDED))
        .group_by(Request.status)
        .order_by(Request.status)
    )


def _overdue() -> Select[str, str, int]:
    by = (Request.catalog, Request.item_id)
    late = (Request.status.not_in(ENDED), overdue_requests())
    return select(*by, func.count()).where(*late).group_by(*by).order_by(*by)


def _promised_time(session: Session) -> Metric:
    """How much of the promised time completed requests took, from 1.0 on more than all of it."""
    family = GaugeHistogramMetricFamily(
        "pao_request_promised_time_ratio",
        "Time to completion as a part of the promised time, of requests that were ordered in the last 7 days.",
        labels=("catalog", "item"),
    )
    by = (Request.catalog, Request.item_id)
    promised = func.extract("epoch", Request.expected_at - Request.created_at)
    ratio = func.extract("epoch", Request.ended_at - Request.created_at) / promised
    rows = session.execute(
        select(*by, func.count(), func.sum(ratio), *(func.count().filter(ratio <= limit) for limit in _PARTS))
        .where(Request.status == "completed", Request.created_at > utc_now() - PROMISES_OF)
        .where(Request.expected_at > Request.created_at)
        .group_by(*by)
        .order_by(*by)
    )
    for catalog, item, count, total, *buckets in rows:
        counted = [(str(limit), float(found)) for limit, found in zip(_PARTS, buckets, strict=True)]
        family.add_metric((catalog, item), [*counted, ("+Inf", float(count))], float(total))
    return family


def _health(session: Session) -> Metric:
    family = GaugeMetricFamily(
        "pao_health", "1 for the state that each check of health is in.", labels=("check", "status")
    )
    for name, check in (check_health(session).checks or {}).items():
        for level in _LEVELS:
            family.add_metric((name, level), float(check.status == level))
    return family


def _actions() -> Select[str, str, int]:
    action = func.jsonb_array_elements(Request.state["actions"]).table_valued(column("value", JSONB))
    by = (action.c.value["type"].astext, action.c.value["status"].astext)
    return (
        select(*by, func.count())
        .select_from(Request)
        .join(action, literal(True))
        .where(Request.created_at > utc_now() - ACTIONS_OF)
        .group_by(text("1"), text("2"))
        .order_by(text("1"), text("2"))
    )


def _items() -> Select[str, str, int]:
    state = case((CatalogItem.retired, "retired"), (and_(not_(CatalogItem.valid)), "invalid"), else_="valid")
    return (
        select(CatalogItem.catalog, state, func.count()).group_by(text("1"), text("2")).order_by(text("1"), text("2"))
    )


def _catalogs(session: Session) -> Iterator[Metric]:
    problem = func.jsonb_array_elements(Catalog.problems).table_valued(column("value", JSONB))
    severity = problem.c.value["severity"].astext
    yield _family(
        "pao_catalog_problems", "Problems of the published commit by severity.", ("catalog", "severity"),
        session.execute(
            select(Catalog.name, severity, func.count())
            .select_from(Catalog)
            .join(problem, literal(True))
            .where(is_followed())
            .group_by(text("1"), text("2"))
            .order_by(text("1"), text("2"))
        ).all(),
    )  # fmt: skip
    catalogs = session.execute(
        select(Catalog.name, Catalog.refreshed_at, Catalog.published_at, Catalog.failing_since)
        .where(is_followed())
        .order_by(Catalog.name)
    ).all()
    yield _family(
        "pao_catalog_refreshed_timestamp_seconds", "When a catalog's repository was last looked at with success.",
        ("catalog",), [(name, at.timestamp()) for name, at, _, _ in catalogs if at is not None],
    )  # fmt: skip
    yield _family(
        "pao_catalog_published_timestamp_seconds", "When a commit of a catalog was last published.",
        ("catalog",), [(name, at.timestamp()) for name, _, at, _ in catalogs if at is not None],
    )  # fmt: skip
    yield _family(
        "pao_catalog_failing", "1 while a catalog's repository can't be looked at.",
        ("catalog",), [(name, float(failing is not None)) for name, _, _, failing in catalogs],
    )  # fmt: skip


def _breakers(session: Session) -> Iterator[Metric]:
    known = session.scalars(select(Breaker).order_by(Breaker.target, Breaker.process)).all()
    recent = renewed_since()
    yield _family(
        "pao_target_left_alone", "1 while a process leaves a target alone because it was found ill.",
        ("target", "process"),
        [(each.target, each.process, float(each.state != CLOSED and each.changed_at > recent)) for each in known],
    )  # fmt: skip
    yield _family(
        "pao_target_changed_timestamp_seconds", "When a target fell ill or healed, as that process found.",
        ("target", "process"), [(each.target, each.process, each.since.timestamp()) for each in known],
    )  # fmt: skip


def _family(
    name: str, help_text: str, labels: Sequence[str], rows: Iterable[Row[tuple[str, ...]] | tuple[object, ...]]
) -> Metric:
    """A gauge whose rows are its labels, then its value."""
    family = GaugeMetricFamily(name, help_text, labels=labels)
    for row in rows:
        *values, value = row
        family.add_metric([str(each) for each in values], float(str(value)))
    return family
