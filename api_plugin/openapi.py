"""Completes the API's description: permissions, bodies, errors as they are sent, and an example of each answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from api_plugin.answer_examples.every import EXAMPLES
from api_plugin.bodies import BodyReader
from api_plugin.documentation import problems
from api_plugin.principals import Requires, signed_in
from api_plugin.webhooks.signed import SignedBody

NO_SIGN_IN = "none"
SIGNED_BY_SENDER = "signed by the sender"
ONCE_SIGNED_IN = "none, once signed in"


def install(app: FastAPI) -> None:
    """Make the app describe itself completely."""

    def describe() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _describe(app)
        return app.openapi_schema

    app.openapi = describe  # type: ignore[method-assign]  # FastAPI's documented way to change the description


def permission_of(route: APIRoute) -> str:
    """The permission that a route declares, or what stands in its place."""
    for dependant in _all_dependants(route.dependant):
        if isinstance(dependant.call, Requires):
            permission = dependant.call.permission
            return f"{permission.method} {permission.resource}"
        if isinstance(dependant.call, SignedBody):
            return SIGNED_BY_SENDER
        if dependant.call is signed_in:
            return ONCE_SIGNED_IN
    return NO_SIGN_IN


def _all_dependants(dependant: Dependant) -> Iterator[Dependant]:
    yield dependant
    for part in dependant.dependencies:
        yield from _all_dependants(part)


def _describe(app: FastAPI) -> dict[str, Any]:
    schema = get_openapi(
        title=app.title,
        version=app.version,
        description=app.description,
        routes=app.routes,
        servers=[{"url": "/api/v1"}],
    )
    schema["components"]["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer", "description": "A JWT of `POST /auth/token`, or an API key."},
        "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    }
    for route in app.routes:
        if isinstance(route, APIRoute) and route.include_in_schema:
            for method in route.methods:
                _complete(schema["paths"][route.path_format][method.lower()], route)
    return schema


def _complete(operation: dict[str, Any], route: APIRoute) -> None:
    permission = permission_of(route)
    operation["x-permission"] = permission
    if permission not in {NO_SIGN_IN, SIGNED_BY_SENDER}:
        operation["security"] = [{"bearer": []}, {"key": []}]
        operation["description"] += f"\n\nPermission: `{permission}`."
    for dependant in _all_dependants(route.dependant):
        if isinstance(dependant.call, BodyReader):
            content = {"application/json": {"schema": dependant.call.model.model_json_schema()}}
            operation["requestBody"] = {"required": dependant.call.required, "content": content}
    if "application/json" in operation["responses"].get("422", {}).get("content", {}):
        # FastAPI describes a form of its own, which is never sent.
        operation["responses"]["422"] = problems(422)[422]
    answer = operation["responses"].get(str(route.status_code or 200), {}).get("content", {}).get("application/json")
    if answer is not None and route.name in EXAMPLES:
        answer["example"] = EXAMPLES[route.name]
