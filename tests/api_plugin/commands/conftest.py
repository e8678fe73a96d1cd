"""The real API, served over HTTP and WebSockets on the world's catalog; `pao` runs against it as a user runs it."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import asynccontextmanager
from dataclasses import replace

import jwt
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route

from api_plugin.app import socket_app
from api_plugin.clock import utc_now
from api_plugin.exceptions import not_signed_in
from api_plugin.permissions import Permission
from api_plugin.sign_ins import SignIns
from catalog_compiler.cli import main
from tests.api_plugin.conftest import a_caller, a_rest_app
from tests.items import action, compiled_item

FIELDS = [
    {"id": "name", "name": "Name", "type": "string", "order": 1, "required": True},
    {"id": "size", "name": "Size", "type": "integer", "order": 2, "default": 1, "validation": {"min": 1, "max": 9}},
    {"id": "open", "name": "Open", "type": "boolean", "order": 3},
    {"id": "regions", "name": "Regions", "type": "multi-selection", "order": 4, "options": [
        {"value": "europe", "label": "Europe"}, {"value": "asia", "label": "Asia"}]},
    {"id": "pin", "name": "Pin", "type": "password", "order": 5, "required": True},
    {"id": "settings", "name": "Settings", "type": "json", "order": 6},
    {"id": "why", "name": "Why", "type": "text", "order": 7, "required": True,
     "conditional": {"field": "open", "operator": "eq", "value": True}},
    {"id": "notes", "name": "Notes", "type": "file", "order": 8},
]  # fmt: skip
GOOD = "a token that is known"


class Accounts(SignIns):
    """Knows one credential."""

    def __init__(self, deployment):
        super().__init__(seconds=60)
        self._deployment = deployment

    async def caller(self, credential, _look_up):
        if credential not in self._deployment.tokens:
            raise not_signed_in("the token is wrong, expired or revoked; get a new one from POST /auth/token")
        return self._deployment.caller


class Deployment:
    """A deployment on a free port. `calls` are what it was asked, as (method, path); `cut` breaks connections."""

    def __init__(self, world):
        self.world = world
        self.caller = a_caller(*Permission)
        self.tokens = {GOOD}
        self.calls = []
        self.breaks = []
        """Called with (method, path) before each call; one that gives True breaks the connection instead."""

    def token(self, seconds=3600):
        """A JWT that is good for so long, as Airflow's auth manager makes it."""
        made = jwt.encode({"sub": "1", "exp": int(utc_now().timestamp()) + seconds}, "s" * 32, algorithm="HS256")
        self.tokens.add(made)
        return made

    async def sign_in(self, request):
        """As FAB's `POST /auth/token`, checked against the real one by the live tests."""
        given = await request.json()
        if (given["username"], given["password"]) != ("ada", "sesame"):
            return JSONResponse({"detail": "Invalid credentials"}, 401)
        return JSONResponse({"access_token": self.token()}, 201)

    def app(self):
        """Airflow's API server, as far as `pao` sees it."""
        rest = a_rest_app("commands", Accounts(self), catalogs=self.world.cache, dags=self.world.shelf)
        sockets = socket_app()
        sockets.state.sign_ins = rest.state.sign_ins

        @asynccontextmanager
        async def lifespan(_app):
            async with sockets.router.lifespan_context(sockets):
                yield

        routes = [Route("/auth/token", self.sign_in, methods=["POST"]), Mount("/api/v1", rest), Mount("/ws", sockets)]
        inner = Starlette(routes=routes, lifespan=lifespan)

        async def recorded(scope, receive, send):
            if scope["type"] == "lifespan":
                await inner(scope, receive, send)
                return
            method = scope.get("method", "WS")
            self.calls.append((method, scope["path"]))
            for each in self.breaks:
                send = each(method, scope["path"], send) or send
            await inner(scope, receive, send)

        return recorded


class _LostError(Exception):
    """Ends a connection without an answer, after everything was done."""


def loses_answers(method, path, *, times):
    """A break that lets calls be done, and their first answers get lost."""
    left = [times]

    def breaking(called_method, called_path, send):
        if (called_method, called_path) != (method, path) or not left[0]:
            return None
        left[0] -= 1

        async def lost(message):
            if message["type"] != "http.response.start":
                raise _LostError
            await send(message)  # so that the server can only cut the connection, and can't say that it failed

        return lost

    return breaking


@pytest.fixture
def deployment(world) -> Iterator[Deployment]:
    """One whose catalog has the item `queue`."""
    item = compiled_item("queue", action("queue"), action("dns"), fields=FIELDS)
    world.publish(item)
    world.parse(item)
    made = Deployment(world)
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        made.app(), log_level="critical", access_log=False, log_config=None, lifespan="on", ws="websockets-sansio"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    made.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    yield made
    server.should_exit = True
    thread.join()
    listener.close()


@pytest.fixture
def pao(monkeypatch, tmp_path, capsys):
    """Runs `pao` in a home of its own, and gives exit status, standard output and standard error."""
    home = tmp_path / "home"
    for name in [name for name in os.environ if name.startswith("PAO_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home))

    def running(*arguments, **environ):
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        capsys.readouterr()
        status = main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return status, out, err

    running.home = home
    return running


@pytest.fixture
def signed_in(pao, deployment, monkeypatch):
    """The same, signed in by the environment, without pauses between attempts."""
    monkeypatch.setenv("PAO_URL", deployment.url)
    monkeypatch.setenv("PAO_TOKEN", GOOD)
    monkeypatch.setattr("api_plugin.commands.connected.PATIENCE", replace(_patience(), sleep=lambda _: None))
    return pao


def _patience():
    from api_plugin.commands.connected import PATIENCE

    return PATIENCE
