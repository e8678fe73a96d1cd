"""A target that answers as a test tells it to, and remembers every call; each test has paths of its own."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

HELD_AT_MOST = 300.0
"""Seconds after which a held answer is given all the same, so that no thread outlives the tests."""


@dataclass(frozen=True, kw_only=True)
class Call:
    """A request that arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    at: float = field(default_factory=time.monotonic)
    """When it arrived."""

    @property
    def json(self) -> Any:
        """The body."""
        return json.loads(self.body)


@dataclass(frozen=True, kw_only=True)
class Reply:
    """An answer; one with `held` is given when that is set."""

    status: int = 200
    body: str = "{}"
    content_type: str = "application/json"
    held: threading.Event | None = None


@dataclass
class ScriptedTarget:
    """Paths without a script answer 200 and an empty object."""

    url: str = ""
    _replies: dict[str, list[Reply]] = field(default_factory=dict)
    _calls: defaultdict[str, list[Call]] = field(default_factory=lambda: defaultdict(list))
    _held: list[threading.Event] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _server: ThreadingHTTPServer = field(init=False)
    _thread: threading.Thread = field(init=False)

    def script(self, path: str, *replies: Reply) -> None:
        """Answer calls of a path by these in turn, and by the last for ever."""
        with self._lock:
            self._replies[path] = list(replies)

    def hold(self, path: str, *, every_call: bool = False) -> threading.Event:
        """Let the first call of a path, or every one, wait for the event that this gives."""
        event = threading.Event()
        self._held.append(event)
        self.script(path, Reply(held=event), *(() if every_call else (Reply(),)))
        return event

    def calls(self, path: str) -> list[Call]:
        """The calls that arrived at a path, held ones as well."""
        with self._lock:
            return list(self._calls[path])

    def take(self, call: Call) -> Reply:
        """Remember a call, and give its answer."""
        with self._lock:
            self._calls[call.path].append(call)
            replies = self._replies.get(call.path, [Reply()])
            return replies.pop(0) if len(replies) > 1 else replies[0]

    @contextmanager
    def serving(self) -> Iterator[ScriptedTarget]:
        """Listen on a free port while the block runs."""
        self._listen(0)
        try:
            yield self
        finally:
            for event in self._held:
                event.set()
            self._stop()

    @contextmanager
    def away(self) -> Iterator[None]:
        """Refuse every connection while the block runs."""
        port = self._stop()
        with socket.socket() as reserved:
            # Bound, but not listening: nobody else gets the port.
            reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            reserved.bind(("127.0.0.1", port))
            try:
                yield
            finally:
                self._listen(port)

    def _listen(self, port: int) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        # Held answers must not keep the tests from ending.
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def _stop(self) -> int:
        """Hear no more connections; the port."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        return int(self._server.server_address[1])


def _handler(target: ScriptedTarget) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            call = Call(method=self.command, path=self.path, headers=headers, body=self.rfile.read(length))
            reply = target.take(call)
            if reply.held is not None:
                reply.held.wait(HELD_AT_MOST)
            body = reply.body.encode()
            try:
                self.send_response(reply.status)
                self.send_header("Content-Type", reply.content_type)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            except ConnectionError:
                self.close_connection = True  # the caller has gone, which is what some tests want

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815 - the base class's names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Keep quiet: tests read `calls`."""

    return Handler
