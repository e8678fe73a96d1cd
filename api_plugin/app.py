"""The two apps that Airflow's API server mounts: `/api/v1` and `/ws`."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI
from fastapi_swagger import patch_fastapi

from api_plugin import openapi, problem_responses
from api_plugin.account_names import keep_names_out
from api_plugin.catalog_cache import CatalogCache
from api_plugin.catalog_listening import CatalogListener
from api_plugin.catalog_watching import CatalogTower
from api_plugin.configuration import settings
from api_plugin.correlation import CorrelationMiddleware
from api_plugin.failure_listening import FailureListener
from api_plugin.health import DISTRIBUTION
from api_plugin.notifications.delivery import Notifier
from api_plugin.queueing.holding import configured
from api_plugin.queueing.keeper import QueueKeeper
from api_plugin.request_logs.room import LogRoom
from api_plugin.routes import (
    cancelling,
    catalog,
    health,
    internal,
    me,
    metrics,
    notifications,
    operations,
    outputs,
    people,
    publishing,
    request_logs,
    requests,
    resources,
    retention,
    signals,
    sockets,
    webhooks,
)
from api_plugin.seats import Seats
from api_plugin.sign_ins import SignIns
from api_plugin.state import ApiState
from api_plugin.watching import Watchtower
from catalog_compiler.actions.registry import action_types
from catalog_compiler.open_files import room_for

MODULES = (
    publishing,
    webhooks,
    catalog,
    requests,
    cancelling,
    operations,
    request_logs,
    outputs,
    people,
    resources,
    retention,
    signals,
    me,
    notifications,
    health,
    metrics,
    internal,
)
"""The modules of operations, in the order in which they are described."""

YOUNG_MIDDLE_FULL = (5000, 20, 50)
"""When garbage is collected, as `gc.set_threshold` takes it: more seldom than by default, since somebody waits."""


def rest_app(tower: Watchtower | None = None, logs: LogRoom | None = None) -> FastAPI:
    """The REST API, with its description at `openapi.json` and `docs`; `tower` tells it when something happens."""
    catalogs = CatalogCache(settings().catalog_ttl)
    state = ApiState(catalogs=catalogs, logs=logs or LogRoom())

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        keep_names_out()
        with ExitStack() as threads:
            for thread in (
                CatalogListener(catalogs, settings().catalog_ttl),
                QueueKeeper(configured()),
                FailureListener(state.dags),
                Notifier(settings().notify_interval),
            ):
                threads.enter_context(thread.running())
            yield

    app = FastAPI(
        lifespan=lifespan,
        title="Platform automation orchestrator",
        version=version(DISTRIBUTION),
        description="Order what platform teams offer, and follow what becomes of it.",
        docs_url=None,
        redoc_url=None,
        swagger_ui_oauth2_redirect_url=None,
        openapi_url="/openapi.json",
    )
    app.state.sign_ins = SignIns(settings().sign_in_ttl)
    app.state.pao = state
    app.state.tower = tower or watchtower()
    for module in MODULES:
        app.include_router(module.router)
    problem_responses.install(app)
    openapi.install(app)
    # FastAPI's own page loads its scripts from a public host, which many networks do not let through.
    patch_fastapi(app, docs_url="/docs", redirect_from_root_to_docs=False)
    app.add_middleware(CorrelationMiddleware)
    return app


def watchtower() -> Watchtower:
    """What looks at watched requests; one is enough for a process."""
    return Watchtower(settings().watch_interval)


def socket_app(tower: Watchtower | None = None, logs: LogRoom | None = None) -> FastAPI:
    """The WebSockets, and the loop of the tower."""
    tower, catalog_tower = tower or watchtower(), CatalogTower(settings().watch_interval)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        _spare_what_stays()
        async with tower.running(), catalog_tower.running():
            yield

    app = FastAPI(lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.sign_ins = SignIns(settings().sign_in_ttl)
    app.state.tower = tower
    app.state.catalog_tower = catalog_tower
    app.state.logs = logs or LogRoom()
    app.state.seats = Seats(room_for(settings().max_sockets), settings().max_sockets_per_caller)
    app.include_router(sockets.router)
    app.add_middleware(CorrelationMiddleware)
    return app


def _spare_what_stays() -> None:
    """Let the garbage collector pass over everything that was imported and made for the start, and look seldom.

    It is some hundred thousand objects that live as long as the process. Each full collection would look at all of
    them, and hold up every call for up to a second meanwhile. What is imported late would do so as well.
    """
    action_types()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*YOUNG_MIDDLE_FULL)
