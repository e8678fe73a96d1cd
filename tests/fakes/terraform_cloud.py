"""A fake Terraform Cloud: workspaces, runs with their plan and apply, state outputs, and faults on demand.

Written from the API reference (https://developer.hashicorp.com/terraform/cloud-docs/api-docs): paths, the JSON:API
documents, the run states, `actions.is-confirmable`, 409 for an action that a run's state does not allow, 404 for what a
token may not see, null for values of sensitive outputs in lists. A run goes on by one state at each look.
"""

import json
import re
import threading
from collections import deque
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOKEN = "cloud-token-12345"
WAY = ("pending", "plan_queued", "planning", "planned")
APPLY_WAY = ("apply_queued", "applying", "applied")


class CloudFake:
    """`faults` are taken in turn by calls whose method and path match: a status, or `lost` to answer nobody."""

    def __init__(self):
        self.workspaces = {"orders": "ws-1", "payments": "ws-2"}
        self.runs = {}
        self.outputs = []
        self.faults = deque()
        self.calls = []
        self.plan_fails = self.apply_fails = None
        self.stops_at = None
        self.url = ""

    def begin(self, body):
        """A run, as its creation made it."""
        number = f"run-{len(self.runs) + 1}"
        attributes = body["data"]["attributes"]
        way = deque((*WAY[:-1], "planned_and_finished") if attributes["plan-only"] else WAY)
        self.runs[number] = {"attributes": attributes, "way": way, "status": way.popleft(), "applied": False}
        return self.shown(number)

    def look(self, number):
        """The run after one more state."""
        run = self.runs[number]
        if run["way"] and run["status"] != self.stops_at:
            run["status"] = run["way"].popleft()
            failing = self.plan_fails if run["status"] == "planning" else self.apply_fails
            if failing and run["status"] in ("planning", "applying"):
                run["status"], run["way"] = "errored", deque()
        return self.shown(number)

    def shown(self, number):
        run = self.runs[number]
        status = run["status"]
        return {
            "id": number,
            "type": "runs",
            "attributes": {
                "status": status,
                "message": run["attributes"]["message"],
                "actions": {
                    "is-confirmable": status == "planned",
                    "is-cancelable": status in ("pending", "planning", "applying"),
                    "is-discardable": status == "planned",
                },
            },
            "relationships": {
                "plan": {"data": {"type": "plans", "id": f"plan-{number}"}},
                "apply": {"data": {"type": "applies", "id": f"apply-{number}"}},
            },
        }

    def act(self, number, action):
        """Whether the run took it."""
        run = self.runs[number]
        if action == "apply" and run["status"] == "planned":
            run["way"], run["applied"] = deque(APPLY_WAY), True
            run["status"] = run["way"].popleft()
        elif action == "discard" and run["status"] == "planned":
            run["status"] = "discarded"
        elif action == "cancel" and run["status"] in ("pending", "planning", "applying"):
            run["status"], run["way"] = "canceled", deque()
        else:
            return False
        return True

    def answer(self, method, path, body):  # noqa: C901, PLR0911 - an answer for each call
        """Status and document."""
        path = path.partition("?")[0]
        if path.startswith("/log/"):
            return 200, (self.plan_fails or self.apply_fails or "")
        match [method, *path.removeprefix("/api/v2/").split("/")]:
            case ["GET", "organizations", "acme", "workspaces"]:
                return 200, [{"id": key, "attributes": {"name": name}} for name, key in self.workspaces.items()]
            case ["GET", "organizations", "acme", "workspaces", name] if name in self.workspaces:
                return 200, {"id": self.workspaces[name], "attributes": {"name": name}}
            case ["GET", "workspaces", _, "runs"]:
                return 200, [self.shown(number) for number in reversed(self.runs)]
            case ["POST", "runs"]:
                return 201, self.begin(body)
            case ["GET", "runs", number] if number in self.runs:
                return 200, self.look(number)
            case ["POST", "runs", number, "actions", action] if number in self.runs:
                return (202, None) if self.act(number, action) else (409, None)
            case ["GET", "plans", _]:
                return 200, {
                    "id": "p",
                    "attributes": {
                        "resource-additions": 2,
                        "resource-changes": 1,
                        "resource-destructions": 0,
                        "log-read-url": f"{self.url}/log/plan",
                    },
                }
            case ["GET", "applies", part]:
                applied = self.runs[part.removeprefix("apply-")]["applied"]
                status = "running" if applied else "unreachable"
                return 200, {"id": "a", "attributes": {"status": status, "log-read-url": f"{self.url}/log/apply"}}
            case ["GET", "workspaces", _, "current-state-version-outputs"]:
                return 200, [
                    {"id": f"wsout-{n}", "attributes": output | ({"value": None} if output["sensitive"] else {})}
                    for n, output in enumerate(self.outputs)
                ]
            case ["GET", "state-version-outputs", number]:
                return 200, {"id": number, "attributes": self.outputs[int(number.removeprefix("wsout-"))]}
        return 404, None


@contextmanager
def serving():
    """A fake on a free port."""
    fake = CloudFake()

    class Handler(BaseHTTPRequestHandler):
        def serve(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            fake.calls.append((self.command, self.path))
            fault = None
            if fake.faults and re.search(fake.faults[0][0], f"{self.command} {self.path}"):
                fault = fake.faults.popleft()[1]
            log = self.path.startswith("/log/")
            if log == bool(self.headers.get("Authorization")) or (
                not log and self.headers["Authorization"] != f"Bearer {TOKEN}"
            ):
                return self.give(401, {"errors": [{"status": "401", "title": "unauthorized"}]})
            if isinstance(fault, int):
                return self.give(fault, {"errors": [{"status": str(fault)}]})
            status, data = fake.answer(self.command, self.path, json.loads(body) if body else None)
            if fault == "lost":
                self.close_connection = True
                return None
            if isinstance(data, str):
                return self.give(status, data)
            return self.give(status, {"data": data} if status < 300 else {"errors": [{"status": str(status)}]})

        def give(self, status, document):
            body = document.encode() if isinstance(document, str) else json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/vnd.api+json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args):
            """Stay silent."""

    for method in ("GET", "POST", "PATCH", "DELETE"):
        setattr(Handler, f"do_{method}", Handler.serve)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    fake.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield fake
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
