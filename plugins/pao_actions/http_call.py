"""Sends one HTTP request, for every action type that speaks HTTP. What the answer means is `http_answer`'s matter."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode

import httpx
from pydantic import JsonValue

from catalog_compiler.actions import ActionContext, Connection
from catalog_compiler.templates.text import text_of
from pao_actions.exceptions import ActionError, PermanentError, TemporaryError
from pao_actions.http_answer import SAFE_METHODS, HttpAnswer
from pao_actions.http_client import ClientSettings, shared_client
from pao_actions.http_connection import DEFAULT_PORTS, absolute_url, connection_headers, split_url, tls_verification

MAX_ANSWER_BYTES = 1024 * 1024
USER_AGENT = "platform-automation-orchestrator"

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
    max_answer_bytes: int = MAX_ANSWER_BYTES
    routine: bool = False
    """One of many alike, such as a poll: it leaves no line in the log unless its status is 400 or more."""


async def find_connection(connection_id: str, context: ActionContext) -> Connection:
    """The connection of that id; raises PermanentError where there is none."""
    try:
        return await context.connections.get(connection_id)
    except LookupError as error:
        raise PermanentError(
            str(error.args[0]) if error.args else f"connection '{connection_id}' is missing"
        ) from error


async def send(call: HttpCall, context: ActionContext) -> HttpAnswer:
    """Send the request once and read the answer up to its limit.

    Raises:
        TemporaryError: if no answer came; `arrived` is False only where nothing can have been sent.
        PermanentError: if the request can't be sent as it is, or its target is not allowed.
    """
    url = _with_query(absolute_url(call.url.strip(), call.connection), call.query)
    target = _target(call.method, url, call.shown_as)
    headers = _headers(call, context)
    client = _client(call.connection, context)
    trace = _Trace()
    async with context.gate.call(_host(url)) as passage:
        started = asyncio.get_running_loop().time()
        try:
            async with (
                asyncio.timeout(call.timeout),
                client.stream(
                    call.method, url, headers=headers, content=call.body, extensions={"trace": trace.event}
                ) as response,
            ):
                body, complete = await _read(response, call.max_answer_bytes)
        except (TimeoutError, httpx.HTTPError, httpx.InvalidURL) as error:
            if isinstance(error, TimeoutError | httpx.TransportError):
                passage.ill()
            raise _error(error, target, call, sent=trace.sent) from error
        if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            passage.ill()
    seconds = round(asyncio.get_running_loop().time() - started, 3)
    if not call.routine or response.status_code >= HTTPStatus.BAD_REQUEST:
        context.log.info("http_call", target=target, status=response.status_code, seconds=seconds)
    return HttpAnswer(
        method=call.method,
        target=target,
        status=response.status_code,
        headers=response.headers,
        body=body,
        complete=complete,
    )


def _client(connection: Connection | None, context: ActionContext) -> httpx.AsyncClient:
    verify = tls_verification(connection)
    try:
        return shared_client(ClientSettings(reach=context.reach, verify=verify))
    except (OSError, ValueError) as error:
        if connection is None or not isinstance(verify, str):
            raise
        raise PermanentError(
            f"connection '{connection.id}' names '{verify}' as its 'verify', which can't be read as a file of "
            f"certificates ({_reason(error)}); put the file where the triggerer runs, or correct 'verify' in the "
            "connection's extra: a path, true or false"
        ) from error


class _Trace:
    """Notes whether any of the request left for the target."""

    def __init__(self) -> None:
        self.sent = False

    async def event(self, name: str, _: Mapping[str, Any]) -> None:
        self.sent = self.sent or name.endswith(".send_request_headers.started")


async def _read(response: httpx.Response, limit: int) -> tuple[bytes, bool]:
    pieces = bytearray()
    async for piece in response.aiter_bytes():
        pieces += piece
        if len(pieces) > limit:
            return bytes(pieces[:limit]), False
    return bytes(pieces), True


def _error(error: Exception, target: str, call: HttpCall, *, sent: bool) -> ActionError:
    match error:
        case TimeoutError() | httpx.TimeoutException() if sent:
            return TemporaryError(f"{target} gave no answer within {call.timeout:g} seconds", arrived=True)
        case TimeoutError() | httpx.TimeoutException():
            return TemporaryError(f"{target} could not be reached within {call.timeout:g} seconds", arrived=False)
        case httpx.InvalidURL() | httpx.UnsupportedProtocol() | httpx.LocalProtocolError():
            return PermanentError(f"{target} can't be called: the request's URL or headers are not valid")
        case httpx.TransportError() if not sent:
            return TemporaryError(f"{target} could not be reached: {_reason(error)}", arrived=False)
        case httpx.TransportError():
            return TemporaryError(f"{target} broke off the call: {_reason(error)}", arrived=True)
    effect_possible = sent and call.method not in SAFE_METHODS
    return PermanentError(
        f"{target} sent an answer that can't be read: {_reason(error)}", effect_possible=effect_possible
    )


def _reason(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _headers(call: HttpCall, context: ActionContext) -> httpx.Headers:
    own = {
        "User-Agent": USER_AGENT,
        "Idempotency-Key": context.idempotency_key,
        "X-Correlation-ID": context.correlation_id,
        # A compressed answer could be far larger than what the limit sees coming.
        "Accept-Encoding": "identity",
    }
    headers = httpx.Headers()
    for source in (own, connection_headers(call.connection) if call.connection else {}, call.headers):
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
