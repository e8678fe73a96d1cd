"""`GET /health` and `GET /health/ready`: the probes of Kubernetes, at the root, where Airflow has no such route."""

from __future__ import annotations

import asyncio

from airflow.utils.session import create_session
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from api_plugin.health import is_ready


class ProbeMiddleware:
    """Answers the two paths, and passes everything else on."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap Airflow's API server."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "http" and scope["method"] in {"GET", "HEAD"}:
            if scope["path"] == "/health":
                await JSONResponse({"status": "alive"})(scope, receive, send)
                return
            if scope["path"] == "/health/ready":
                await (await _readiness())(scope, receive, send)
                return
        await self._app(scope, receive, send)


async def _readiness() -> JSONResponse:
    if await asyncio.to_thread(_ready):
        return JSONResponse({"status": "ready"})
    sentence = "waiting for the database, or for the first catalog to be published"
    return JSONResponse({"status": "not ready", "detail": sentence}, status_code=503, headers={"Retry-After": "2"})


def _ready() -> bool:
    with create_session() as session:
        return is_ready(session)
