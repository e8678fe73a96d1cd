"""Sends one HTTP request, for every action type that speaks HTTP. What the answer means is `http_answer`'s matter."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode

import httpcore
import httpx
from pydantic import JsonValue

from catalog_compiler.actions import ActionContext, Connection
from catalog_compiler.templates.text import text_of
from pao_actions.address_guard import allowed_addresses
from pao_actions.connection_options import connection_options
from pao_actions.exceptions import PermanentError, TemporaryError
from pao_actions.http_answer import HttpAnswer
from pao_actions.http_client import ClientSettings, shared_client
from pao_actions.http_connection import (
    DEFAULT_PORTS,
    absolute_url,
    connection_headers,
    connection_secrets,
    secret_header_values,
    split_url,
)
from pao_actions.http_failure import failure
from pao_actions.tls import TlsFiles, tls_files

MAX_ANSWER_BYTES = 1024 * 1024
USER_AGENT = "platform-automation-orchestrator"

_NOTICEABLE = 0.5
"""Seconds that a call must have had before its attempt's end says something of the target."""

_CONTROL = re.compile("[\x00-\x08\x0a-\x1f\x7f]")
_SCHEMES = ("http", "https")


@dataclass(frozen=True, kw_only=True, slots=True)
class HttpCall:
    """One request. A relative `url` starts at the connection's base; `timeout` is in seconds for the whole call."""

    method: str
    url: str
    timeout: float
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, JsonValue] = field(default_factory=dict)
    """Added to the URL's own query; lists give a parameter for each entry, null gives none."""
    body: bytes | None = None
    connection: Connection | None = None
    shown_as: str | None = None
    """What messages and the log call the target, where its path is a secret."""
    credentials: bool = True
    """False sends nothing of the connection's headers and login, so that the URL may lead to another host."""
    keyed: bool = True
    """Whether it carries the action's `Idempotency-Key`; looks must not, or are answered the same."""
    may_become_get: bool = True
    """Whether a redirect may turn it into a GET."""
    max_answer_bytes: int = MAX_ANSWER_BYTES
    routine: bool = False
    """One of many alike, such as a poll: it leaves no line in the log; who sends it tells what changes."""


async def find_connection(connection_id: str, context: ActionContext) -> Connection:
    """The connection of that id, its secrets masked from now on; raises PermanentError where there is none."""
    try:
        connection = await context.connections.get(connection_id)
    except LookupError as error:
        raise PermanentError(
            str(error.args[0]) if error.args else f"connection '{connection_id}' is missing"
        ) from error
    context.secrets.add(*connection_secrets(connection))
    return connection


async def send(call: HttpCall, context: ActionContext) -> HttpAnswer:
    """Send the request once and read the answer up to its limit.

    Raises:
        TemporaryError: if no answer came; `arrived` is False only where nothing can have been sent.
        PermanentError: if the request can't be sent as it is, or its target is not allowed.
    """
    url = _with_query(absolute_url(call.url.strip(), call.connection, credentials=call.credentials), call.query)
    target = _target(call.method, url, call.shown_as)
    headers = _headers(call, context)
    client = await _client(call, context, url)
    trace = _Trace()
    loop = asyncio.get_running_loop()
    async with context.gate.call(_host(url)) as passage:
        started = loop.time()
        try:
            async with (
                asyncio.timeout(call.timeout),
                client.stream(
                    call.method, url, headers=headers, content=call.body, extensions={"trace": trace.event}
                ) as response,
            ):
                body, complete = await _read(response, call.max_answer_bytes)
        except (TimeoutError, httpx.HTTPError, httpx.InvalidURL, ssl.SSLError) as error:
            told = failure(error, target=target, method=call.method, seconds=call.timeout, sent=trace.sent)
            if isinstance(told, TemporaryError):
                passage.ill()
            raise told from error
        except asyncio.CancelledError:
            # The attempt's own time is over, and the target used it up.
            if context.overdue() and loop.time() - started >= _NOTICEABLE:
                passage.ill()
            raise
        if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            passage.ill()
    seconds = round(loop.time() - started, 3)
    if not call.routine:
        context.log.info("http_call", target=target, status=response.status_code, seconds=seconds)
    return HttpAnswer(
        method=call.method,
        target=target,
        url=url,
        status=response.status_code,
        headers=response.headers,
        body=body,
        complete=complete,
        mask=context.secrets.text,
    )


async def _client(call: HttpCall, context: ActionContext, url: str) -> httpx.AsyncClient:
    connection = call.connection
    options = connection_options(connection)
    tls = TlsFiles()
    if connection is not None:
        tls = tls_files(options.verify, options.certificate, options.key, connection_id=connection.id)
    parts = split_url(url)
    proxy = (options.proxies or {}).get(parts.scheme)
    if proxy is not None and parts.hostname:
        # A proxy connects by itself: its target is judged here, as far as its name is known here.
        with suppress(httpcore.ConnectError, httpcore.ConnectTimeout):
            port = parts.port or DEFAULT_PORTS[parts.scheme]
            await allowed_addresses(parts.hostname, port, reach=context.reach, limit=call.timeout)
    return shared_client(ClientSettings(reach=context.reach, tls=tls, proxy=proxy))


class _Trace:
    """Notes whether any of the request left for the target."""

    def __init__(self) -> None:
        self.sent = False

    async def event(self, name: str, info: Mapping[str, Any]) -> None:
        # What a proxy is asked first has not gone to the target.
        if name.endswith(".send_request_headers.started") and info["request"].method != b"CONNECT":
            self.sent = True


async def _read(response: httpx.Response, limit: int) -> tuple[bytes, bool]:
    pieces = bytearray()
    async for piece in response.aiter_bytes():
        pieces += piece
        if len(pieces) > limit:
            return bytes(pieces[:limit]), False
    return bytes(pieces), True


def _headers(call: HttpCall, context: ActionContext) -> httpx.Headers:
    own = {
        "User-Agent": USER_AGENT,
        **({"Idempotency-Key": context.idempotency_key} if call.keyed else {}),
        "X-Correlation-ID": context.correlation_id,
        # A compressed answer could be far larger than what the limit sees coming.
        "Accept-Encoding": "identity",
    }
    headers = httpx.Headers()
    of_connection = connection_headers(call.connection) if call.connection and call.credentials else {}
    context.secrets.add(*secret_header_values(of_connection))
    for source in (own, of_connection, call.headers):
        for name, value in source.items():
            headers[name] = _header_value(name, value)
    return headers


def _header_value(name: str, value: str) -> str:
    text = value.strip()
    if _CONTROL.search(text):
        raise PermanentError(f"the header '{name}' has a line break or another control character; take it out")
    return text


def _with_query(url: str, query: Mapping[str, JsonValue]) -> str:
    pairs = list(_pairs(query))
    if not pairs:
        return url
    before, hash_sign, fragment = url.partition("#")
    joint = "&" if "?" in before else "?"
    return f"{before}{joint}{urlencode(pairs, quote_via=quote, safe='')}{hash_sign}{fragment}"


def _pairs(query: Mapping[str, JsonValue]) -> Iterator[tuple[str, str]]:
    for name, value in query.items():
        for entry in value if isinstance(value, list) else [value]:
            if entry is not None:
                yield name, text_of(entry)


def _host(url: str) -> str:
    """`host:port`, by which targets are told apart."""
    parts = split_url(url)
    return f"{parts.hostname}:{parts.port or DEFAULT_PORTS[parts.scheme]}"


def _target(method: str, url: str, shown_as: str | None) -> str:
    parts = split_url(url)
    target = shown_as or f"{method} {parts.netloc.rpartition('@')[2]}{parts.path}"
    if parts.scheme not in _SCHEMES:
        raise PermanentError(f"{target}: only http and https can be called, not '{parts.scheme}'")
    return target
