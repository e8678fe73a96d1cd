"""Turns every failure into `application/problem+json` (RFC 9457). Details of faults go to the log, under an id."""

from __future__ import annotations

import json
from dataclasses import asdict
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api_plugin.correlation import correlation_id
from api_plugin.exceptions import ApiProblem, FieldProblem, invalid_fields, unavailable
from api_plugin.outages import database_away, may_pass
from api_plugin.refusals import put_on_record

log = structlog.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"
TYPE_BASE = "urn:pao:problem:"


def problem_response(problem: ApiProblem, instance: str) -> Response:
    """Render a problem; `instance` is the path that was called."""
    body: dict[str, Any] = {
        "type": TYPE_BASE + problem.code,
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        "instance": instance,
        "code": problem.code,
        "correlation_id": correlation_id(),
        **problem.extra,
    }
    if problem.errors:
        body["errors"] = [asdict(error) for error in problem.errors]
    text = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
    return Response(text, status_code=problem.status, media_type=MEDIA_TYPE, headers=dict(problem.headers))


def install(app: FastAPI) -> None:
    """Make the app answer with problems only."""
    app.add_exception_handler(ApiProblem, _api_problem)
    app.add_exception_handler(RequestValidationError, _invalid_parameters)
    app.add_exception_handler(HTTPException, _http_exception)
    app.add_exception_handler(DBAPIError, _database_error)
    app.add_exception_handler(PoolTimeoutError, _database_error)
    app.add_middleware(FaultMiddleware)


async def _api_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiProblem)  # noqa: S101 - registered for this class alone
    await put_on_record(request, error)
    return problem_response(error, request.url.path)


async def _invalid_parameters(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class alone
    errors = [
        FieldProblem(
            pointer="/" + "/".join(str(part) for part in found["loc"]), code=found["type"], message=found["msg"]
        )
        for found in error.errors()
    ]
    return problem_response(invalid_fields(errors), request.url.path)


async def _http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class alone
    title = HTTPStatus(error.status_code).phrase
    problem = ApiProblem(
        error.status_code,
        title.lower().replace(" ", "-"),
        title,
        f"{request.method} {request.url.path}: {title}. The operations there are: see /api/v1/docs",
        headers=error.headers or {},
    )
    return problem_response(problem, request.url.path)


async def _database_error(request: Request, error: Exception) -> Response:
    """A 503 where trying again helps; anything else is a fault of ours, for the middleware."""
    if not may_pass(error):
        raise error
    cause = error.orig if isinstance(error, DBAPIError) else error
    log.error("database failed", path=request.url.path, correlation_id=correlation_id(), error=str(cause))
    said = "the database did not answer, or not in time" if database_away(error) else "the database ended the call"
    return problem_response(unavailable(f"{said}; try again in a moment"), request.url.path)


class FaultMiddleware:
    """Answers what nobody else caught.

    A handler for `Exception` would run outside of all middlewares, where the correlation id is gone.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an ASGI app."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception as error:
            if begun or scope["type"] != "http":
                raise
            await _fault(Request(scope), error)(scope, receive, send)


def _fault(request: Request, error: Exception) -> Response:
    log.error("request failed", path=request.url.path, correlation_id=correlation_id(), exc_info=error)
    problem = ApiProblem(
        500, "internal-error", "Internal error", "a fault of the server; its log has more under the correlation id"
    )
    return problem_response(problem, request.url.path)
