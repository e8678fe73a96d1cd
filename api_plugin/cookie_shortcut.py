"""Leads calls without a session's cookie past Airflow's middleware that renews that cookie.

It has nothing to do for them, but is made as Starlette's `BaseHTTPMiddleware`: each call becomes a task, each message
that is read two more, and each that is sent goes through a queue. That was a quarter of what the API server's event
loop had to do for a submission.
"""

from __future__ import annotations

from typing import Any

from airflow.api_fastapi.auth.middlewares.refresh_token import JWTRefreshMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send


class CookieShortcut:
    """One of the API server's middlewares: as the server starts, it puts the shortcut around Airflow's.

    Where that is not found around it, nothing is changed.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Wrap what is behind it."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "lifespan":
            _shorten(scope["app"].middleware_stack)
        await self._app(scope, receive, send)


def _shorten(outermost: Any) -> None:
    outer = outermost
    while (inner := getattr(outer, "app", None)) is not None:
        if isinstance(inner, JWTRefreshMiddleware):
            outer.app = _Fork(inner)
            return
        outer = inner


class _Fork:
    """Takes calls with a cookie to the middleware, and all others to what is behind it."""

    def __init__(self, renewing: JWTRefreshMiddleware) -> None:
        self.app = renewing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        has_cookies = any(name == b"cookie" for name, _ in scope.get("headers", ()))
        await (self.app if has_cookies else self.app.app)(scope, receive, send)
