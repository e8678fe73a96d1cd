"""The target that records when each call arrived and when it was answered; a process of its own.

`POST /now/<run>/<step>` is answered at once, as any other kind is, `POST /slow/<seconds>/<run>` after so many seconds;
`GET /calls/<kind>` tells what was recorded, `GET /calls/<kind>/<run>` that of one run, `GET /count/<kind>` how much.
Bare HTTP/1.1 on asyncio: what it costs is not measured with what it measures.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection
from typing import Any

READY = "listening"
"""The word before the port on its output."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One call: seconds of the recorder's own clock."""

    path: str
    arrived: float
    answered: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Recorder:
    """Where it listens."""

    port: int

    def calls(self, kind: str, run: str = "") -> list[Call]:
        """What was answered under `/<kind>/`, or `/<kind>/<run>/`, in the order of arrival."""
        found = self._ask(f"/calls/{kind}/{run}" if run else f"/calls/{kind}")
        return [Call(path=path, arrived=arrived, answered=answered) for path, arrived, answered in found]

    def count(self, kind: str) -> int:
        """How many were answered under `/<kind>/`."""
        return int(self._ask(f"/count/{kind}"))

    def _ask(self, path: str) -> Any:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET", path)
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()


@contextmanager
def recording() -> Iterator[Recorder]:
    """A recorder, while the block runs."""
    command = [sys.executable, "-m", "bench.recorder"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield Recorder(port=int(process.stdout.readline().removeprefix(READY)))
        finally:
            process.terminate()


class _Server:
    def __init__(self) -> None:
        self._calls: defaultdict[str, list[tuple[str, float, float]]] = defaultdict(list)

    async def serve(self) -> None:
        """Listen on a free port, and say on which."""
        server = await asyncio.start_server(self._connection, "127.0.0.1", 0, backlog=2048)
        print(READY, server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                # Its first line has arrived with it, or a moment before.
                arrived = time.monotonic()
                await reader.readexactly(_length(head))
                status, answer = await self._answer(*head.split(b" ", 2)[1].decode().split("/")[1:], arrived=arrived)
                content = json.dumps(answer).encode()
                writer.write(
                    f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: application/json\r\n"
                    f"Content-Length: {len(content)}\r\n\r\n".encode()
                    + content
                )
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()

    async def _answer(self, kind: str, *rest: str, arrived: float) -> tuple[HTTPStatus, Any]:
        if kind == "calls":
            calls = [
                call for call in self._calls[rest[0]] if call[0].startswith("".join(f"{run}/" for run in rest[1:]))
            ]
            return HTTPStatus.OK, sorted(calls, key=lambda call: call[1])
        if kind == "count":
            return HTTPStatus.OK, len(self._calls[rest[0]])
        if kind == "slow":
            await asyncio.sleep(float(rest[0]))
        self._calls[kind].append(("/".join(rest), arrived, time.monotonic()))
        return HTTPStatus.ACCEPTED, {}


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    return 0


if __name__ == "__main__":
    asyncio.run(_Server().serve())
