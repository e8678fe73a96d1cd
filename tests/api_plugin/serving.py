"""Serves the API by a real server, in a thread, as Airflow mounts it: for what an app called in memory can't show."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware

from api_plugin.app import rest_app, socket_app
from api_plugin.state import ApiState
from api_plugin.watching import Watchtower
from tests.api_plugin.conftest import SignedIn


@contextmanager
def serving(world, caller) -> Iterator[str]:
    """Serve until the block ends; where, as `127.0.0.1:<port>`. Everyone who calls is the caller."""
    tower = Watchtower(interval=0.05)
    rest, sockets = rest_app(tower), socket_app(tower)
    rest.state.pao = ApiState(catalogs=world.cache, dags=world.shelf)
    rest.state.sign_ins = sockets.state.sign_ins = SignedIn(caller)

    @asynccontextmanager
    async def lifespan(_app):
        async with tower.running():
            yield

    app = FastAPI(lifespan=lifespan)
    app.mount("/api/v1", rest)
    app.mount("/ws", sockets)
    app.add_middleware(GZipMiddleware, minimum_size=1024)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, timeout_graceful_shutdown=2))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive(), "the server did not start"
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()
