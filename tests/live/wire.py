"""What stands between actions and a target, and ruins answers: of one held or lost, the target has done its work."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal
from urllib.parse import urlsplit

HELD_AT_MOST = 240.0
"""Seconds after which a held answer is given all the same, so that no thread outlives the tests."""
HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}
"""Headers of one connection, and what is written anew."""


@dataclass
class Ruin:
    """What becomes of the answer to one call: the first of that method whose path or body has the mark."""

    method: str
    mark: str
    how: Literal["hold", "lose"]
    done: threading.Event = field(default_factory=threading.Event)
    """Set once the target has answered."""
    release: threading.Event = field(default_factory=threading.Event)


@dataclass
class Wire:
    """Passes calls on to a target, one after the other on each connection."""

    target: str
    url: str = ""
    _ruins: list[Ruin] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def ruin(self, method: str, mark: str, how: Literal["hold", "lose"]) -> Ruin:
        """Hold, or lose, one answer."""
        ruin = Ruin(method, mark, how)
        with self._lock:
            self._ruins.append(ruin)
        return ruin

    def taken(self, method: str, path: str, body: bytes) -> Ruin | None:
        """The ruin that is meant for this call; no other call has it."""
        with self._lock:
            for ruin in self._ruins:
                if ruin.method == method and (ruin.mark in path or ruin.mark.encode() in body):
                    self._ruins.remove(ruin)
                    return ruin
        return None


@contextmanager
def wire(target: str) -> Iterator[Wire]:
    """A wire to the target at that address, while the block runs."""
    made = Wire(target)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(made))
    # Held answers must not keep the tests from ending.
    server.daemon_threads = True
    server.block_on_close = False
    made.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _handler(made: Wire) -> type[BaseHTTPRequestHandler]:
    host = urlsplit(made.target).netloc

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            ruin = made.taken(self.command, self.path, body)
            status, headers, content = self._asked(body)
            if ruin is not None:
                ruin.done.set()
                if ruin.how == "lose" or not ruin.release.wait(HELD_AT_MOST):
                    self.close_connection = True
                    return
            self.send_response_only(status)
            for name, value in headers:
                self.send_header(name, value)
            if status not in {204, 304}:
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def _asked(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
            """What the target answers."""
            with closing(HTTPConnection(host, timeout=30)) as target:
                sent = {name: value for name, value in self.headers.items() if name.lower() not in {*HOP, "host"}}
                target.request(self.command, self.path, body=body or None, headers={**sent, "Host": host})
                answer = target.getresponse()
                kept = [(name, value) for name, value in answer.getheaders() if name.lower() not in HOP]
                return answer.status, kept, answer.read()

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = pass_on  # noqa: N815 - the base class's names

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

        def handle(self) -> None:
            # Where the caller was killed.
            with suppress(ConnectionError):
                super().handle()

    return Handler
