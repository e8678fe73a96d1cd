"""Calls without cookies don't go through Airflow's middleware for them; all others do."""

from __future__ import annotations

import pytest
from airflow.api_fastapi.auth.middlewares.refresh_token import JWTRefreshMiddleware
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


def served(*middlewares):
    """A client of an app with these middlewares, the first the innermost, as Airflow's API server adds them."""
    app = FastAPI()

    @app.post("/echo")
    def echo(body: dict[str, str]) -> dict[str, str]:
        return body

    for middleware in middlewares:
        app.add_middleware(middleware)
    return TestClient(app)


@pytest.mark.parametrize(("headers", "times"), [({}, 0), ({"Cookie": "_token=x"}, 1), ({"Cookie": "theme=dark"}, 1)])
def test_only_what_has_cookies_goes_through_it(passed, headers, times):
    """Whichever way, the app gets the body, and its answer arrives."""
    client = served(JWTRefreshMiddleware, GZipMiddleware, CookieShortcut)

    answer = client.post("/echo", json={"name": "orders"}, headers=headers)

    assert (200, {"name": "orders"}) == (answer.status_code, answer.json())
    assert ["/echo"] * times == passed


@pytest.mark.parametrize("middlewares", [(CookieShortcut,), (GZipMiddleware, CookieShortcut)])
def test_where_it_is_not_found_nothing_changes(middlewares):
    """A version of Airflow without it, or one of another plugin that hides it."""
    assert {"name": "orders"} == served(*middlewares).post("/echo", json={"name": "orders"}).json()


def test_airflows_api_server_has_it_where_it_is_looked_for(passed):
    """Behind its other middlewares, as they are added there."""
    from airflow.api_fastapi.common.http_access_log import HttpAccessLogMiddleware

    client = served(JWTRefreshMiddleware, GZipMiddleware, HttpAccessLogMiddleware, CookieShortcut)

    assert 200 == client.post("/echo", json={}).status_code
    assert [] == passed
