"""What the API keeps in a process: caches that any other process could make anew. Held on the FastAPI app."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, cast

from anyio import CapacityLimiter
from fastapi import Depends
from starlette.requests import HTTPConnection

from api_plugin.catalog_cache import CatalogCache
from api_plugin.metrics import MetricsCache
from api_plugin.queueing.standing import Standings
from api_plugin.request_logs.room import LogRoom
from api_plugin.runs import DagShelf
from api_plugin.webhooks.secrets import WebhookSecrets

SUBMISSIONS_AT_ONCE = 4
"""Threads that take requests. Each needs the interpreter for most of its time: more of them answer no sooner, but out
of turn, and hold up everyone else's calls."""


@dataclass(frozen=True, kw_only=True)
class ApiState:
    """Made once for each app."""

    catalogs: CatalogCache
    dags: DagShelf = field(default_factory=DagShelf)
    standings: Standings = field(default_factory=Standings)
    metrics: MetricsCache = field(default_factory=MetricsCache)
    webhook_secrets: WebhookSecrets = field(default_factory=WebhookSecrets)
    submitting: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(SUBMISSIONS_AT_ONCE))
    logs: LogRoom = field(default_factory=LogRoom)


async def _state(connection: HTTPConnection) -> ApiState:
    return cast("ApiState", connection.app.state.pao)


State = Annotated[ApiState, Depends(_state)]
