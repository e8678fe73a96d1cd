"""One id for everything that one call causes: taken from the caller or made, answered, logged, passed on to targets."""

from __future__ import annotations

import re
import uuid
from contextvars import ContextVar

import structlog
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADER = "X-Correlation-ID"
_ACCEPTED = re.compile(r"[A-Za-z0-9._:/+=-]{1,128}")
_current: ContextVar[str] = ContextVar("correlation_id", default="")


def correlation_id() -> str:
    """The id of the call that is being served; empty outside of one."""
    return _current.get()


class CorrelationMiddleware:
    """Sets the id for each call. One from the caller that could break a log line or a header is replaced."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an ASGI app."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        given = dict(scope["headers"]).get(HEADER.lower().encode(), b"").decode("latin-1")
        value = given if _ACCEPTED.fullmatch(given) else str(uuid.uuid4())
        token = _current.set(value)
        structlog.contextvars.bind_contextvars(correlation_id=value)

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[HEADER] = value
            await send(message)

        try:
            await self._app(scope, receive, answer)
        finally:
            structlog.contextvars.unbind_contextvars("correlation_id")
            _current.reset(token)
