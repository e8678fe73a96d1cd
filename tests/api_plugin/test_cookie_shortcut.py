"""Calls without cookies don't go through Airflow's middleware for them; all others do."""

from __future__ import annotations

from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from airflow.api_fastapi.app import init_access_logging
from airflow.api_fastapi.auth.middlewares.refresh_token import JWTRefreshMiddleware
from airflow.api_fastapi.common.http_access_log import HttpAccessLogMiddleware
from airflow.api_fastapi.core_api.app import init_middlewares
from fastapi import FastAPI
from fastapi.middleware.gzip import GZipMiddleware
from fastapi.testclient import TestClient

from api_plugin.cookie_shortcut import CookieShortcut


@pytest.fixture
def passed(monkeypatch):
    """The paths that went through Airflow's middleware."""
    seen = []

    async def dispatch(_self, request, call_next):
        seen.append(request.url.path)
        return await call_next(request)

    monkeypatch.setattr(JWTRefreshMiddleware, "dispatch", dispatch)
    return seen


@contextmanager
def served(*middlewares):
    """A client of an app with these middlewares, the first the innermost, as Airflow's API server adds them."""
    app = FastAPI()

    @app.post("/echo")
    def echo(body: dict[str, str]) -> dict[str, str]:
        return body

    for middleware in middlewares:
        app.add_middleware(middleware)
    with TestClient(app) as client:
        yield client


@pytest.mark.parametrize(("headers", "times"), [({}, 0), ({"Cookie": "_token=x"}, 1), ({"Cookie": "theme=dark"}, 1)])
def test_only_what_has_cookies_goes_through_it(passed, headers, times):
    """Whichever way, the app gets the body, and its answer arrives."""
    with served(CookieShortcut, JWTRefreshMiddleware, GZipMiddleware, HttpAccessLogMiddleware) as client:
        answer = client.post("/echo", json={"name": "orders"}, headers=headers)

    assert (200, {"name": "orders"}) == (answer.status_code, answer.json())
    assert ["/echo"] * times == passed


@pytest.mark.parametrize("middlewares", [(CookieShortcut,), (CookieShortcut, GZipMiddleware)])
def test_where_it_is_not_found_nothing_changes(middlewares):
    """A version of Airflow without it."""
    with served(*middlewares) as client:
        assert {"name": "orders"} == client.post("/echo", json={"name": "orders"}).json()


def test_airflows_own_server_has_it_around_plugins(passed, monkeypatch):
    """Its middlewares are added in the order in which this is relied on."""
    manager = SimpleNamespace(get_fastapi_middlewares=list)
    monkeypatch.setattr("airflow.api_fastapi.app.get_auth_manager", lambda: manager)
    app = FastAPI()
    app.add_middleware(CookieShortcut)
    init_middlewares(app)
    init_access_logging(app)

    with TestClient(app) as client:
        assert 404 == client.get("/nothing").status_code
    assert [] == passed
