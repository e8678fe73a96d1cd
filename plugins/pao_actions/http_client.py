"""The shared HTTP clients: one for each event loop and connection settings, since making one costs 15 ms of CPU."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from http.cookiejar import CookieJar, DefaultCookiePolicy
from weakref import WeakKeyDictionary

import httpcore
import httpx

from catalog_compiler.address_rules import AddressRules
from pao_actions.address_guard import GuardedBackend
from pao_actions.tls import TlsFiles, tls_context

CONNECT_TIMEOUT = 10.0
"""Seconds for one address to answer; the caller limits the whole call."""

MAX_CONNECTIONS = 2000
"""Of one client at once. Whoever has more to call has to wait before: in httpx's pool its time would run, and each call
that ends would look through all that wait, which holds up the event loop for seconds."""
_MAX_IDLE_CONNECTIONS = 100
_IDLE_SECONDS = 5.0


@dataclass(frozen=True, kw_only=True, slots=True)
class ClientSettings:
    """What calls must have in common to share connections; `proxy` is a URL."""

    reach: AddressRules
    tls: TlsFiles = field(default_factory=TlsFiles)
    proxy: str | None = field(default=None, repr=False)


_clients: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[ClientSettings, httpx.AsyncClient]] = WeakKeyDictionary()


def shared_client(settings: ClientSettings) -> httpx.AsyncClient:
    """The running loop's client for these settings; it follows no redirects, keeps no cookies, heeds no environment."""
    clients = _clients.setdefault(asyncio.get_running_loop(), {})
    if settings not in clients:
        clients[settings] = httpx.AsyncClient(
            transport=_GuardedTransport(settings),
            timeout=httpx.Timeout(None, connect=CONNECT_TIMEOUT),
            follow_redirects=False,
            # Cookies of one request's target must not travel with another request.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        )
    return clients[settings]


async def close_clients() -> None:
    """Close the running loop's clients; a host calls it before its loop ends."""
    for client in _clients.pop(asyncio.get_running_loop(), {}).values():
        await client.aclose()


class _GuardedTransport(httpx.AsyncHTTPTransport):
    """httpx's transport over a pool that connects through the guard, which httpx has no parameter for."""

    def __init__(self, settings: ClientSettings) -> None:
        context = tls_context(settings.tls)
        super().__init__(verify=context, trust_env=False)
        proxy = None
        if settings.proxy is not None:
            given = httpx.Proxy(settings.proxy)
            proxy = httpcore.Proxy(url=str(given.url), auth=given.raw_auth, headers=given.headers.raw)
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=context,
            proxy=proxy,
            max_connections=MAX_CONNECTIONS,
            max_keepalive_connections=_MAX_IDLE_CONNECTIONS,
            keepalive_expiry=_IDLE_SECONDS,
            network_backend=GuardedBackend(reach=settings.reach),
        )
