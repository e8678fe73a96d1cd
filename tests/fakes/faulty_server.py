"""An HTTP server on a free port, in a thread, whose answers can be broken: the ground of the fakes of chats."""

from __future__ import annotations

import json
import socket
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Call:
    """What was asked for."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Reply:
    """What is answered; a structure as JSON, a text as it is."""

    status: int = 200
    body: Any = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    def content(self) -> bytes:
        return self.body.encode() if isinstance(self.body, str) else json.dumps(self.body).encode()


CUT = "the connection ends before anything is done"
LOST = "everything is done, and the connection ends before the answer"


@dataclass
class Faults:
    """What is played to the next calls, in turn: `CUT`, `LOST`, a reply in the place of the real one, or None."""

    next: deque[str | Reply | None] = field(default_factory=deque)
    calls: list[Call] = field(default_factory=list)


@contextmanager
def serving(answer: Callable[[Call], Reply], faults: Faults) -> Iterator[str]:
    """Serve, and give the address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            call = Call(self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body)
            faults.calls.append(call)
            fault = faults.next.popleft() if faults.next else None
            reply = fault if isinstance(fault, Reply) else None if fault == CUT else answer(call)
            if isinstance(fault, str) or reply is None:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            content = reply.content()
            self.send_response(reply.status)
            for name, value in {"Content-Length": str(len(content)), **reply.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = serve  # noqa: N815 - the names are http.server's

        def log_message(self, *_: object) -> None:
            """Stay silent."""

        def handle(self) -> None:
            """Let a client break off."""
            try:
                super().handle()
            except OSError:
                self.close_connection = True

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
