"""A fake Terraform Cloud: workspaces, uploaded configurations, runs with their plan and apply, state outputs, faults.

Written from the API reference (https://developer.hashicorp.com/terraform/cloud-docs/api-docs: workspaces,
configuration-versions, run, plans, applies, state-version-outputs): paths, the JSON:API documents and their media type,
the run states, `actions.is-confirmable`, 409 for an action that a run's state does not allow, 404 for what a token may
not see, 422 for a run without a configuration or with one that is not `uploaded`, null for values of sensitive outputs
in lists; addresses of logs and uploads hold their secret and take no token. A run, and a configuration, goes on by one
state at each look.
"""

import io
import json
import re
import tarfile
import threading
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOKEN = "cloud-token-12345"
MEDIA_TYPE = "application/vnd.api+json"
WAY = ("pending", "plan_queued", "planning", "planned")
APPLY_WAY = ("apply_queued", "applying", "applied")


@dataclass
class Workspace:
    """`configuration` is the present one; a workspace with `follows` has them from its repository."""

    id: str
    configuration: str | None = "cv-own"
    follows: str | None = None
    folder: str = ""
    version: str = "1.11.4"

    def shown(self, name):
        current = {"id": self.configuration, "type": "configuration-versions"} if self.configuration else None
        return {
            "id": self.id,
            "type": "workspaces",
            "attributes": {
                "name": name,
                "working-directory": self.folder or None,
                "terraform-version": self.version,
                "vcs-repo": {"identifier": self.follows} if self.follows else None,
            },
            "relationships": {"current-configuration-version": {"data": current}},
        }


class CloudFake:
    """`faults` are taken in turn by calls whose method and path match: a status, `lost` to answer
    nobody, or a text to answer instead; a run that plans ends as `ends`.
    """

    def __init__(self):
        self.workspaces = {
            "orders": Workspace("ws-1"),
            "payments": Workspace("ws-2"),
            "new": Workspace("ws-3", configuration=None),
            "followed": Workspace("ws-4", follows="acme/infrastructure"),
        }
        self.configurations = {"cv-own": {"status": "uploaded", "speculative": False, "archive": b""}}
        self.runs = {}
        self.outputs = []
        self.faults = deque()
        self.calls = []
        self.plan_fails = self.apply_fails = None
        self.stops_at = None
        self.ends = None
        self.staying = {}
        self.url = ""
        self.lock = threading.RLock()

    def stays(self, workspace, status):
        """Let runs of a workspace stay at a state."""
        self.staying[workspace] = status

    def configure(self, workspace, body):
        """A configuration that waits for its files."""
        attributes = body["data"]["attributes"]
        assert attributes["auto-queue-runs"] is False, "it would begin a run by itself"
        number = f"cv-{len(self.configurations)}"
        self.configurations[number] = {
            "status": "pending",
            "speculative": attributes.get("speculative", False),
            "workspace": workspace,
            "archive": None,
        }
        return {
            "id": number,
            "type": "configuration-versions",
            "attributes": {"status": "pending", "upload-url": f"{self.url}/upload/{number}-secret"},
        }

    def upload(self, number, archive):
        """Take the files."""
        found = self.configurations.get(number)
        if found is None or found["archive"] is not None:
            return 404, None
        found["archive"] = archive
        return 200, ""

    def configuration(self, number):
        """One after one more state: its files are unpacked, or can't be."""
        found = self.configurations[number]
        error = None
        if found["archive"] is not None and found["status"] == "pending":
            try:
                with tarfile.open(fileobj=io.BytesIO(found["archive"]), mode="r:gz") as files:
                    assert files.getmembers()
                found["status"] = "uploaded"
            except tarfile.TarError:
                found["status"] = "errored"
        if found["status"] == "errored":
            error = "unpacking failed: gzip: invalid header"
        elif found["status"] == "uploaded" and not found["speculative"]:
            for workspace in self.workspaces.values():
                if workspace.id == found.get("workspace"):
                    workspace.configuration = number
        return {"id": number, "attributes": {"status": found["status"], "error-message": error}}

    def begin(self, body):
        """A run, as its creation made it."""
        relationships = body["data"]["relationships"]
        attributes = body["data"]["attributes"]
        place = next(
            (each for each in self.workspaces.values() if each.id == relationships["workspace"]["data"]["id"]), None
        )
        if place is None:
            return 404, None
        named = relationships.get("configuration-version", {}).get("data", {}).get("id", place.configuration)
        configuration = self.configurations.get(named)
        if configuration is None or configuration["status"] != "uploaded":
            return 422, None
        if configuration["speculative"] and not attributes["plan-only"]:
            return 422, None
        number = f"run-{len(self.runs) + 1}"
        way = deque((*WAY[:-1], "planned_and_finished") if attributes["plan-only"] else WAY)
        self.runs[number] = {
            "attributes": attributes,
            "way": way,
            "status": way.popleft(),
            "applied": False,
            "workspace": place.id,
            "configuration": named,
        }
        return 201, self.shown(number)

    def look(self, number):
        """The run after one more state."""
        run = self.runs[number]
        if run["way"] and run["status"] not in (self.stops_at, self.staying.get(run["workspace"])):
            run["status"] = run["way"].popleft()
            if self.ends and run["status"] == "planning":
                run["status"], run["way"] = self.ends, deque()
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

    def answer(self, method, path, body):  # noqa: C901, PLR0911, PLR0912 - an answer for each call
        """Status and document."""
        path = path.partition("?")[0]
        if path.startswith("/log/"):
            return 200, (self.plan_fails or self.apply_fails or "")
        if method == "PUT" and path.startswith("/upload/"):
            return self.upload(path.removeprefix("/upload/").removesuffix("-secret"), body)
        body = json.loads(body) if body else None
        match [method, *path.removeprefix("/api/v2/").split("/")]:
            case ["GET", "organizations", "acme", "workspaces"]:
                return 200, [each.shown(name) for name, each in self.workspaces.items()]
            case ["GET", "organizations", "acme", "workspaces", name] if name in self.workspaces:
                return 200, self.workspaces[name].shown(name)
            case ["POST", "workspaces", workspace, "configuration-versions"]:
                return 201, self.configure(workspace, body)
            case ["GET", "configuration-versions", number] if number in self.configurations:
                return 200, self.configuration(number)
            case ["GET", "workspaces", _, "runs"]:
                return 200, [self.shown(number) for number in reversed(self.runs)]
            case ["POST", "runs"]:
                return self.begin(body)
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

    def fault(self, call):
        """The fault that this call takes."""
        if self.faults and re.search(self.faults[0][0], call):
            return self.faults.popleft()[1]
        return None


def refusal(method, path, headers):
    """Why a call is refused whatever it asks for."""
    if path.startswith(("/log/", "/upload/")):
        return 401 if headers.get("Authorization") else None
    if headers["Authorization"] != f"Bearer {TOKEN}":
        return 401
    return 415 if method == "POST" and headers["Content-Type"] != MEDIA_TYPE else None


def handler(fake):
    class Handler(BaseHTTPRequestHandler):
        def serve(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            fake.calls.append((self.command, self.path))
            fault = fake.fault(f"{self.command} {self.path}")
            if isinstance(fault, str) and fault != "lost":
                return self.give(200, fault)
            refused = refusal(self.command, self.path, self.headers) or (fault if isinstance(fault, int) else None)
            if refused:
                return self.give(refused, {"errors": [{"status": str(refused)}]})
            with fake.lock:
                status, data = fake.answer(self.command, self.path, body)
            if fault == "lost":
                self.close_connection = True
                return None
            if isinstance(data, str):
                return self.give(status, data)
            return self.give(status, {"data": data} if status < 300 else {"errors": [{"status": str(status)}]})

        def give(self, status, document):
            body = document.encode() if isinstance(document, str) else json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", MEDIA_TYPE)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args):
            """Stay silent."""

    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        setattr(Handler, f"do_{method}", Handler.serve)
    return Handler


@contextmanager
def serving():
    """A fake on a free port."""
    fake = CloudFake()
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(fake))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    fake.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield fake
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
