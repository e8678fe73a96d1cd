"""A GitHub for tests: workflows with inputs, dispatches, runs with their jobs, tokens and Apps, limits, and faults.

It keeps state, and refuses what GitHub refuses, in GitHub's words. Its documents are the examples of GitHub's own
OpenAPI description (npm `@octokit/openapi`), with the facts put in; `test_description.py` holds all its answers to that
description, of github.com and of Enterprise Server 3.19. What that leaves out is from what people met: the
messages of 422 (benc-uk/workflow-dispatch 37, 46 and 86, Codex-/return-dispatch 188,
convictional/trigger-workflow-and-wait 44), of 409 (technote-space/auto-cancel-redundant-workflow 68) and of limits
(GitHub's guide to best practices of its API).
"""

from __future__ import annotations

import copy
import hashlib
import json
import re
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import jwt

EXAMPLES = json.loads((Path(__file__).parent / "github_examples.json").read_text(encoding="utf-8"))
TOKEN = "ghp_robot"
ROBOT = "pao-robot"


@dataclass
class Workflow:
    """A workflow file with a `workflow_dispatch` trigger, unless `dispatchable` is false.

    `inputs` is name to what the file says of it (`required`, `options`, `type`); `run_name` may hold `{input}`;
    `life` lists what each look at a run finds: a status, or a conclusion; the last holds on.
    """

    file: str
    id: int
    inputs: dict[str, dict[str, Any]] = field(default_factory=dict)
    run_name: str = "Deploy"
    life: tuple[str, ...] = ("queued", "in_progress", "success")
    dispatchable: bool = True
    refs: tuple[str, ...] = ("main",)


@dataclass
class Run:
    """A run of a workflow."""

    id: int
    workflow: Workflow
    ref: str
    inputs: dict[str, str]
    actor: str
    created_at: datetime
    repository: str
    states: deque[str]
    status: str = "queued"
    conclusion: str | None = None
    attempt: int = 1
    jobs: list[dict[str, Any]] = field(default_factory=list)
    hidden: int = 0
    """So many listings leave it out."""

    @property
    def title(self) -> str:
        return re.sub(r"\{(\w+)\}", lambda found: self.inputs.get(found[1], ""), self.workflow.run_name)

    def live(self) -> None:
        """Go on by one state; the last one holds."""
        state = self.states.popleft() if len(self.states) > 1 else self.states[0]
        if state in ("queued", "in_progress", "waiting", "pending", "requested"):
            self.status, self.conclusion = state, None
        else:
            self.status, self.conclusion = "completed", state


@dataclass
class App:
    """A GitHub App: `key` is its public key; `repositories` maps those where it is installed to the installation."""

    id: str
    key: str
    slug: str
    repositories: dict[str, int]


@dataclass
class Call:
    """A request that arrived."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any
    status: int = 0


@dataclass
class Fault:
    """Something that goes wrong with the next call of `method` whose path has `part`.

    `kind`: `answer` gives `status`, `body` and `headers` in place of the work; `cut` breaks the connection before the
    work; `lost` does the work and breaks the connection; `replaced` does the work and gives another answer.
    """

    method: str
    part: str
    kind: str = "answer"
    status: int = 500
    body: bytes = b'{"message": "Server Error"}'
    headers: dict[str, str] = field(default_factory=dict)
    times: int = 1


@dataclass
class Answer:
    """What is answered."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


class GitHubFake:
    """The state of one GitHub. `tells_run` is whether a dispatch can tell its run, as github.com's can."""

    def __init__(self, *, tells_run: bool = True, now: Callable[[], datetime] | None = None) -> None:
        self.tells_run = tells_run
        self.flag_refusal = 422
        self.now = now or (lambda: datetime.now(UTC))
        self.url = ""
        self.web = "https://github.com"
        self.tokens = {TOKEN: ROBOT}
        self.token_ends: dict[str, datetime] = {}
        self.apps: dict[str, App] = {}
        self.repositories: dict[str, dict[str, Workflow]] = {}
        self.moved: set[str] = set()
        self.runs: dict[int, Run] = {}
        self.calls: list[Call] = []
        self.faults: list[Fault] = []
        self.hidden_listings = 0
        self.remaining: int | None = None
        self.reset_at: datetime | None = None
        self.on_dispatch: Callable[[Run], None] = lambda _: None
        self._lock = threading.RLock()
        self._next_id = 1000

    def workflow(self, repository: str, file: str = "deploy.yml", **more: Any) -> Workflow:
        """Add a workflow to a repository."""
        made = Workflow(file=file, id=100 + sum(map(len, self.repositories.values())), **more)
        self.repositories.setdefault(repository.lower(), {})[file] = made
        return made

    def start(self, repository: str, workflow: Workflow, *, actor: str = ROBOT, **more: Any) -> Run:
        """A run of the workflow, as a dispatch by `actor` makes one."""
        self._next_id += 1
        run = Run(
            id=self._next_id,
            workflow=workflow,
            ref=more.get("ref", "main"),
            inputs=more.get("inputs", {}),
            actor=actor,
            created_at=self.now().replace(microsecond=0),
            repository=repository,
            states=deque(workflow.life),
            hidden=self.hidden_listings,
        )
        self.runs[run.id] = run
        return run

    def dispatches(self) -> list[Call]:
        """The dispatches that arrived."""
        return [call for call in self.calls if call.path.endswith("/dispatches")]

    def answer(self, call: Call) -> Answer | None:
        """What is answered; None breaks the connection."""
        with self._lock:
            self.calls.append(call)
            fault = next((one for one in self.faults if one.method == call.method and one.part in call.path), None)
            if fault is None:
                return self._seen(call, self._limited() or self._work(call))
            fault.times -= 1
            if fault.times <= 0:
                self.faults.remove(fault)
            if fault.kind in ("lost", "replaced"):
                self._work(call)
            if fault.kind in ("lost", "cut"):
                return None
            return Answer(fault.status, fault.body, fault.headers)

    def _seen(self, call: Call, answer: Answer) -> Answer:
        """A document has an ETag, and who has that one gets 304; that does not count for the limit."""
        if call.method == "GET" and answer.status == 200:
            salt = call.headers.get("authorization", "")
            etag = f'W/"{hashlib.sha256((json.dumps(answer.body) + salt).encode()).hexdigest()}"'
            if call.headers.get("if-none-match") == etag:
                answer = Answer(304)
            answer.headers["ETag"] = etag
        if self.remaining is not None:
            self.remaining -= answer.status not in (304, 429) and self.remaining > 0
            answer.headers["X-RateLimit-Remaining"] = str(self.remaining)
            if self.reset_at is not None:
                answer.headers["X-RateLimit-Reset"] = str(int(self.reset_at.timestamp()))
        call.status = answer.status
        return answer

    def _limited(self) -> Answer | None:
        if self.remaining is None or self.remaining > 0:
            return None
        if self.reset_at is not None and self.now() >= self.reset_at:
            self.remaining = 5000
            return None
        return _error(403, "API rate limit exceeded for user ID 1.")

    def _work(self, call: Call) -> Answer:
        for method, pattern, handler in self._routes():
            found = pattern.fullmatch(call.path)
            if found and method == call.method:
                return handler(call, found)
        return _error(404, "Not Found")

    def _routes(self) -> Iterator[tuple[str, Any, Callable[[Call, re.Match[str]], Answer]]]:
        repository = r"/repos/([^/]+/[^/]+)"
        yield "GET", re.compile("/user"), self._user
        yield "GET", re.compile("/app"), self._app
        yield "GET", re.compile(f"{repository}/installation"), self._installation
        yield "POST", re.compile(r"/app/installations/(\d+)/access_tokens"), self._access_token
        yield "POST", re.compile(f"{repository}/actions/workflows/([^/]+)/dispatches"), self._dispatch
        yield "GET", re.compile(f"{repository}/actions/workflows/([^/]+)/runs"), self._list
        yield "GET", re.compile(rf"{repository}/actions/runs/(\d+)"), self._get
        yield "GET", re.compile(rf"{repository}/actions/runs/(\d+)/jobs"), self._jobs
        yield "POST", re.compile(rf"{repository}/actions/runs/(\d+)/cancel"), self._cancel

    def _bearer(self, call: Call) -> str:
        return call.headers.get("authorization", "").removeprefix("Bearer ")

    def _login(self, call: Call) -> str | None:
        token = self._bearer(call)
        if token in self.token_ends and self.now() >= self.token_ends[token]:
            return None
        return self.tokens.get(token)

    def _user(self, call: Call, _: re.Match[str]) -> Answer:
        login = self._login(call)
        if login is None:
            return _error(401, "Bad credentials")
        if login.endswith("[bot]"):
            return _error(403, "Resource not accessible by integration")
        return Answer(200, {**EXAMPLES["user"], "login": login})

    def _asserted(self, call: Call) -> App | None:
        """The App that a JWT proves."""
        try:
            claims = jwt.decode(self._bearer(call), options={"verify_signature": False})
            app = self.apps[claims["iss"]]
            jwt.decode(
                self._bearer(call),
                app.key,
                algorithms=["RS256"],
                options={"verify_exp": False, "verify_iat": False, "require": ["iat", "exp", "iss"]},
            )
        except (jwt.PyJWTError, KeyError):
            return None
        now = self.now().timestamp()
        fits = claims["iat"] <= now < claims["exp"] <= now + 600 and claims["exp"] - claims["iat"] <= 660
        return app if fits else None

    def _app(self, call: Call, _: re.Match[str]) -> Answer:
        app = self._asserted(call)
        if app is None:
            return _error(401, "A JSON web token could not be decoded")
        return Answer(200, {**EXAMPLES["app"], "slug": app.slug})

    def _installation(self, call: Call, found: re.Match[str]) -> Answer:
        app = self._asserted(call)
        if app is None:
            return _error(401, "A JSON web token could not be decoded")
        number = app.repositories.get(found[1].lower())
        return _error(404, "Not Found") if number is None else Answer(200, {**EXAMPLES["installation"], "id": number})

    def _access_token(self, call: Call, found: re.Match[str]) -> Answer:
        app = self._asserted(call)
        if app is None:
            return _error(401, "A JSON web token could not be decoded")
        if int(found[1]) not in app.repositories.values():
            return _error(404, "Not Found")
        token = f"ghs_{len(self.tokens)}"
        ends = self.now().replace(microsecond=0) + timedelta(hours=1)
        self.tokens[token], self.token_ends[token] = f"{app.slug}[bot]", ends
        return Answer(201, {**EXAMPLES["token"], "token": token, "expires_at": _time(ends)})

    def _refused(self, call: Call, repository: str) -> Answer | None:
        if self._login(call) is None:
            return _error(401, "Bad credentials")
        if repository.lower() in self.moved:
            return Answer(307, {"message": "Moved Permanently", "url": self.url}, {"Location": f"{self.url}/elsewhere"})
        return None if repository.lower() in self.repositories else _error(404, "Not Found")

    def _workflow(self, repository: str, name: str) -> Workflow | None:
        name = unquote(name)
        workflows = self.repositories[repository.lower()].values()
        return next((one for one in workflows if name in (one.file, str(one.id))), None)

    def _dispatch(self, call: Call, found: re.Match[str]) -> Answer:
        if refused := self._refused(call, found[1]):
            return refused
        workflow = self._workflow(found[1], found[2])
        if workflow is None:
            return _error(404, "Not Found")
        allowed = {"ref", "inputs", *(["return_run_details"] if self.tells_run else [])}
        if unknown := sorted(set(call.body) - allowed):
            return _error(self.flag_refusal, f'Invalid request.\n\n"{unknown[0]}" is not a permitted key.')
        for problem in self._dispatch_problems(call.body, workflow):
            return _error(422, problem)
        run = self.start(
            found[1],
            workflow,
            actor=self._login(call),
            ref=call.body["ref"].removeprefix("refs/heads/").removeprefix("refs/tags/"),
            inputs=call.body.get("inputs", {}),
        )
        self.on_dispatch(run)
        if not (self.tells_run and call.body.get("return_run_details")):
            return Answer(204)
        return Answer(
            200,
            {
                "workflow_run_id": run.id,
                "run_url": f"{self.url}/repos/{found[1]}/actions/runs/{run.id}",
                "html_url": f"{self.web}/{found[1]}/actions/runs/{run.id}",
            },
        )

    def _dispatch_problems(self, body: Any, workflow: Workflow) -> Iterator[str]:
        inputs = body.get("inputs", {})
        if len(inputs) > (25 if self.tells_run else 10):
            yield "Invalid request.\n\nThe number of inputs exceeds the limit."
        if not workflow.dispatchable:
            yield "Workflow does not have 'workflow_dispatch' trigger"
        if body["ref"].removeprefix("refs/heads/").removeprefix("refs/tags/") not in workflow.refs:
            yield f"No ref found for: {body['ref']}"
        if odd := [name for name in inputs if name not in workflow.inputs]:
            yield f"Unexpected inputs provided: {json.dumps(odd)}"
        for name, facts in workflow.inputs.items():
            if facts.get("required") and "default" not in facts and name not in inputs:
                yield f"Required input '{name}' not provided"
            if name in inputs and not isinstance(inputs[name], str):
                yield f"Invalid value for input '{name}'"
            if name in inputs and inputs[name] not in facts.get("options", [inputs[name]]):
                yield f"Provided value '{inputs[name]}' for input '{name}' not in the list of allowed values"

    def _list(self, call: Call, found: re.Match[str]) -> Answer:
        if refused := self._refused(call, found[1]):
            return refused
        workflow = self._workflow(found[1], found[2])
        if workflow is None:
            return _error(404, "Not Found")
        size, page = int(call.query.get("per_page", "30")), int(call.query.get("page", "1"))
        runs = []
        for run in sorted(self.runs.values(), key=lambda one: -one.id):
            if run.workflow is not workflow:
                continue
            if run.hidden > 0:
                run.hidden -= 1
                continue
            runs.append(run)
        shown = runs[(page - 1) * size : page * size]
        return Answer(200, {"total_count": len(runs), "workflow_runs": [self._document(run) for run in shown]})

    def _run(self, call: Call, found: re.Match[str]) -> Run | Answer:
        if refused := self._refused(call, found[1]):
            return refused
        run = self.runs.get(int(found[2]))
        return run if run is not None and run.repository.lower() == found[1].lower() else _error(404, "Not Found")

    def _get(self, call: Call, found: re.Match[str]) -> Answer:
        run = self._run(call, found)
        if isinstance(run, Answer):
            return run
        run.live()
        return Answer(200, self._document(run))

    def _jobs(self, call: Call, found: re.Match[str]) -> Answer:
        run = self._run(call, found)
        if isinstance(run, Answer):
            return run
        jobs = [self._job(run, number, job) for number, job in enumerate(run.jobs, start=1)]
        return Answer(200, {"total_count": len(jobs), "jobs": jobs})

    def _cancel(self, call: Call, found: re.Match[str]) -> Answer:
        run = self._run(call, found)
        if isinstance(run, Answer):
            return run
        if run.status == "completed":
            return _error(409, "Cannot cancel a workflow run that is completed.")
        run.states = deque(["cancelled"])
        return Answer(202, {})

    def _document(self, run: Run) -> dict[str, Any]:
        web, api = f"{self.web}/{run.repository}/actions/runs/{run.id}", f"{self.url}/repos/{run.repository}"
        actor = {**EXAMPLES["run"]["actor"], "login": run.actor}
        return {
            **copy.deepcopy(EXAMPLES["run"]),
            "id": run.id,
            "name": run.workflow.file,
            "path": f".github/workflows/{run.workflow.file}",
            "workflow_id": run.workflow.id,
            "event": "workflow_dispatch",
            "display_title": run.title,
            "head_branch": run.ref,
            "status": run.status,
            "conclusion": run.conclusion,
            "run_attempt": run.attempt,
            "created_at": _time(run.created_at),
            "updated_at": _time(run.created_at),
            "actor": actor,
            "triggering_actor": actor,
            "html_url": web,
            "url": f"{api}/actions/runs/{run.id}",
        }

    def _job(self, run: Run, number: int, job: dict[str, Any]) -> dict[str, Any]:
        link = f"{self.web}/{run.repository}/actions/runs/{run.id}/job/{number}"
        steps = [
            {**EXAMPLES["job"]["steps"][0], "name": name, "conclusion": conclusion, "number": place}
            for place, (name, conclusion) in enumerate(job.get("steps", ()), start=1)
        ]
        facts = {"id": number, "run_id": run.id, "html_url": link, "name": job["name"], "conclusion": job["conclusion"]}
        return {**copy.deepcopy(EXAMPLES["job"]), **facts, "steps": steps, "created_at": _time(run.created_at)}


def _error(status: int, message: str) -> Answer:
    document = {"message": message, "documentation_url": "https://docs.github.com/rest", "status": str(status)}
    return Answer(status, document)


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class _Server(ThreadingHTTPServer):
    request_queue_size = 512  # hundreds may call at once


@contextmanager
def serving(fake: GitHubFake) -> Iterator[GitHubFake]:
    """Serve it on a free port of the loopback address, below `/api/v3` as Enterprise does, and at the root."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # an answer leaves in one piece, which spares 40 ms of waiting for its first half's receipt

        def serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            text = self.rfile.read(length)
            parts = urlsplit(self.path)
            call = Call(
                method=self.command,
                path=parts.path.removeprefix("/api/v3"),
                query={name: values[-1] for name, values in parse_qs(parts.query).items()},
                headers={name.lower(): value for name, value in self.headers.items()},
                body=json.loads(text) if text else None,
            )
            answer = fake.answer(call)
            if answer is None:
                self.close_connection = True
                return
            body = answer.body
            data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response_only(answer.status)
            headers = {"Date": format_datetime(fake.now(), usegmt=True), **answer.headers}
            headers.setdefault("Content-Type", "application/json; charset=utf-8")
            if answer.status in (204, 304):
                del headers["Content-Type"]
            else:
                headers["Content-Length"] = str(len(data))
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = serve  # noqa: N815 - as the library calls them

        def log_message(self, *_args: Any) -> None:
            """Stay silent."""

        def handle(self) -> None:
            """Let a client break off."""
            try:
                super().handle()
            except ConnectionError:
                self.close_connection = True

    server = _Server(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    fake.url = f"http://127.0.0.1:{server.server_address[1]}/api/v3"
    try:
        yield fake
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
