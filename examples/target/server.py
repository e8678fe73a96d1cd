"""HTTP/1.1 over asyncio: keep-alive, bodies with a length, and the faults that a service itself can't play."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from urllib.parse import parse_qsl, unquote, urlsplit

from examples.target.messages import Answer, RefusedError, Request
from examples.target.service import Service

MAX_BODY = 2**20
BACKLOG = 1024


class Server:
    """Serves one service; hundreds of connections at once."""

    def __init__(self, service: Service) -> None:
        self._service = service

    @asynccontextmanager
    async def listen(self, host: str, port: int) -> AsyncIterator[int]:
        """Serve while the block runs; gives the port, which is a free one where 0 was asked for."""
        server = await asyncio.start_server(self._connection, host, port, backlog=BACKLOG)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            # Idle keep-alive connections would be waited for otherwise.
            server.close()

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (request := await _read(reader)) is not None:
                answer = await self._answer(request)
                if answer is None:
                    break
                writer.write(_encoded(answer))
                await writer.drain()
                if request.headers.get("connection", "").lower() == "close":
                    break
        except RefusedError as refusal:
            writer.write(_encoded(refusal.answer))
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
            pass  # the caller went away, or never spoke HTTP
        finally:
            writer.close()

    async def _answer(self, request: Request) -> Answer | None:
        """The answer, or None where the connection is to be dropped."""
        fault = self._service.faults.take(request)
        if fault is None:
            return self._service.answer(request)
        await asyncio.sleep(fault.delay)
        if fault.drop == "before":
            return None
        answer = fault.answer or self._service.answer(request)
        return None if fault.drop == "after" else answer


async def _read(reader: asyncio.StreamReader) -> Request | None:
    """The next request, or None where the caller has closed the connection."""
    head = await reader.readuntil(b"\r\n\r\n") if not reader.at_eof() else b""
    if not head:
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    method, _, rest = first.partition(" ")
    headers = {
        name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)
    }
    length = headers.get("content-length", "0")
    if "transfer-encoding" in headers or not length.isdigit():
        raise RefusedError(411, "a body needs a Content-Length")
    if int(length) > MAX_BODY:
        raise RefusedError(413, f"the body is longer than {MAX_BODY} bytes")
    body = await reader.readexactly(int(length))
    url = urlsplit(rest.rpartition(" ")[0])
    return Request(method=method, path=unquote(url.path), headers=headers, body=body, query=dict(parse_qsl(url.query)))


def _encoded(answer: Answer) -> bytes:
    body = answer.payload()
    lines = [
        f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}",
        f"Content-Length: {len(body)}",
        *([f"Content-Type: {answer.content_type}"] if body else []),
        *(f"{name}: {value}" for name, value in answer.headers.items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body
