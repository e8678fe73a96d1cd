"""Apps are called in memory, as an ASGI server calls them."""

from __future__ import annotations

import asyncio

import httpx
import pytest


@pytest.fixture
def call():
    """Calls an ASGI app and gives the answer; a fault of the app is an answer too."""

    def calling(app, method="GET", path="/", **more):
        async def send():
            transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://pao") as client:
                return await client.request(method, path, **more)

        return asyncio.run(send())

    return calling
