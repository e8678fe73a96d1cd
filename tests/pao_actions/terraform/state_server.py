"""A server for Terraform's `http` backend, as its documentation describes it; it can refuse to store or to lock.

Written after https://developer.hashicorp.com/terraform/language/backend/http: GET, POST and DELETE of the state, LOCK
and UNLOCK with the lock's info as body, 423 with the holder's info where it is locked. Checked against the real
Terraform, which the tests run.
"""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

HOLDER = {"ID": "l-1", "Operation": "OperationTypeApply", "Who": "ada@laptop", "Created": "2026-01-31T10:00:00Z"}


class StateServer:
    """`state` is what is stored; `stores` False refuses to; `holder` is whoever else has the lock."""

    def __init__(self):
        self.state = None
        self.stores = True
        self.holder = None
        self.locked = False
        self.credentials = set()
        self.url = ""

    @property
    def resources(self):
        """The resources in the stored state."""
        return [resource["name"] for resource in json.loads(self.state)["resources"]] if self.state else []

    def backend(self, **more):
        """The config of a backend here."""
        config = {"address": self.url, "lock_address": self.url, "unlock_address": self.url, "retry_max": 0}
        return {"type": "http", "config": config | more}

    def answer(self, method, body):
        """Status and body of the answer to one request."""
        match method:
            case "GET":
                return (200, self.state) if self.state else (404, b"")
            case "POST":
                if self.stores:
                    self.state = body
                return (200 if self.stores else 403), b""
            case "LOCK":
                if self.holder or self.locked:
                    return 423, json.dumps(self.holder or HOLDER).encode()
                self.locked = True
            case "UNLOCK":
                self.locked = False
        return 200, b""


@pytest.fixture
def state_server():
    """A fresh one."""
    world = StateServer()

    class Handler(BaseHTTPRequestHandler):
        def serve(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            world.credentials.add(self.headers.get("Authorization"))
            status, answer = world.answer(self.command, body)
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_args):
            """Stay silent."""

    for method in ("GET", "POST", "DELETE", "LOCK", "UNLOCK"):
        setattr(Handler, f"do_{method}", Handler.serve)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    world.url = f"http://127.0.0.1:{server.server_address[1]}/state"
    yield world
    server.shutdown()
    thread.join()
    server.server_close()
