"""A real HTTP server on the loopback address, which answers as it is told and keeps what it received."""

import socket
import ssl
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


@dataclass
class Answer:
    status: int = 200
    body: bytes = b"{}"
    headers: dict = field(default_factory=lambda: {"Content-Type": "application/json"})
    cut: bool = False
    """Whether the connection ends before the answer, though the request was taken."""
    held: threading.Event | None = None
    """The answer is not given before that is set."""


@dataclass
class Received:
    method: str
    path: str
    headers: dict
    raw_headers: list
    body: bytes


class Target:
    """`answers` are given in turn, the last one for ever; None means never to answer; `received` lists the requests."""

    def __init__(self):
        self.answers = [Answer()]
        self.received = []
        self.reached = threading.Event()
        self.closing = threading.Event()

    def next_answer(self):
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    @property
    def only(self):
        """The one request that was received."""
        (received,) = self.received
        return received


@pytest.fixture
def target():
    """A fresh server; `target.url` is its address."""
    with serving() as world:
        yield world


@pytest.fixture
def other_target():
    """Another fresh server."""
    with serving() as world:
        yield world


@contextmanager
def serving(tls=None):
    """A server, over TLS where a context is given."""
    world = Target()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"world": world}))
    server.daemon_threads = True
    if tls is not None:
        # The handshake is made where a request is read, in the request's own thread.
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    world.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_address[1]}"
    try:
        yield world
    finally:
        world.closing.set()
        server.shutdown()
        thread.join()
        server.server_close()


def drain(connection):
    """Read what is on its way, so that a refused client sees the alert, and no reset of the connection."""
    plain = socket.socket(fileno=connection.detach())
    with plain, suppress(OSError):
        plain.shutdown(socket.SHUT_WR)
        while plain.recv(4096):
            pass


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    world: Target

    def serve(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.world.received.append(Received(self.command, self.path, headers, self.headers.items(), body))
        self.world.reached.set()
        answer = self.world.next_answer()
        if answer is not None and answer.held is not None:
            answer.held.wait(60)
        if answer is None or answer.cut:
            if answer is None:
                self.world.closing.wait()
            self.close_connection = True
            return
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    do_GET = do_HEAD = do_OPTIONS = do_POST = do_PUT = do_PATCH = do_DELETE = serve  # noqa: N815 - the library's names

    def log_message(self, *_args):
        """Stay silent."""

    def handle(self):
        """Let a client break off."""
        try:
            super().handle()
        except ssl.SSLError:
            self.close_connection = True
            drain(self.connection)
        except ConnectionError:
            self.close_connection = True


@pytest.fixture
def closed_url():
    """An address where nobody listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    return f"http://127.0.0.1:{port}"
