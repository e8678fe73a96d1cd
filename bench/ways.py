"""The two ways to have calls made: ordering an item, `bench` by default, or triggering a hand-written DAG."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol
from urllib.parse import quote

from bench.calls import Account, Caller
from bench.repository import MEASURED

HANDWRITTEN = "handwritten"
"""The DAG in `bench/dags` of the three calls to the example target."""
HANDWRITTEN_STEPS = "handwritten_steps"
"""That of three calls to the recorder."""
OPEN = ("submitted", "validated", "queued", "in_progress")
"""The statuses of a request that has not ended."""


class RunFailedError(Exception):
    """A run ended badly, so that its time says nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    """How many runs have ended, and how."""

    succeeded: int
    failed: int


class Way(Protocol):
    """How to start the three calls, and how to know that they were made."""

    @property
    def account(self) -> Account:
        """Who asks."""

    @property
    def dag_id(self) -> str:
        """The DAG whose runs these are."""

    def start(self, caller: Caller) -> tuple[str, float]:
        """Start one run; its id, and the seconds that the call took."""

    def is_over(self, caller: Caller, run: str) -> bool:
        """Whether that run has succeeded; raises `RunFailedError` where it failed."""

    def progress(self, caller: Caller, since: str) -> Progress:
        """What became of the runs started since that time; of ours, of the newest 200."""


class Ordered:
    """An item, through our API."""

    def __init__(self, account: Account, item: str = MEASURED, text: str = "measured") -> None:
        """Order as a developer, with this text as its one field."""
        self.account = account
        self.dag_id = f"default.{item}"
        self._body = {"item_id": item, "fields": {"text": text}}

    def start(self, caller: Caller) -> tuple[str, float]:
        """`POST /api/v1/requests`."""
        reply = caller.call("POST", "/api/v1/requests", body=self._body, wanted=202)
        return reply.json()["id"], reply.seconds

    def is_over(self, caller: Caller, run: str) -> bool:
        """`GET /api/v1/requests/{id}/status`."""
        status = caller.call("GET", f"/api/v1/requests/{run}/status").json()
        if status["status"] not in {*OPEN, "completed"}:
            raise RunFailedError(f"request {run} ended as {status['status']}: {status['error']}")
        return bool(status["status"] == "completed")

    def progress(self, caller: Caller, since: str) -> Progress:
        """`GET /api/v1/requests`, which brings each listed request up to date."""
        page = caller.call("GET", f"/api/v1/requests?limit=200&created_after={quote(since)}").json()
        statuses = [request["status"] for request in page["items"]]
        succeeded = statuses.count("completed")
        return Progress(succeeded=succeeded, failed=len(statuses) - succeeded - sum(map(statuses.count, OPEN)))

    def is_quiet(self, caller: Caller) -> bool:
        """Whether no request is open; those that are shown on the way are brought up to date."""
        pages = [caller.call("GET", f"/api/v1/requests?limit=200&status={status}").json() for status in OPEN]
        return not any(page["items"] for page in pages)


class Handwritten:
    """A DAG, through Airflow's own API."""

    def __init__(self, account: Account, dag: str = HANDWRITTEN, text: str = "measured") -> None:
        """Trigger as an administrator, with this text as its one parameter."""
        self.account = account
        self.dag_id = dag
        self._runs = f"/api/v2/dags/{dag}/dagRuns"
        self._body = {"logical_date": None, "conf": {"text": text}}

    def start(self, caller: Caller) -> tuple[str, float]:
        """`POST /api/v2/dags/{dag}/dagRuns`."""
        reply = caller.call("POST", self._runs, body=self._body)
        return reply.json()["dag_run_id"], reply.seconds

    def is_over(self, caller: Caller, run: str) -> bool:
        """`GET /api/v2/dags/{dag}/dagRuns/{run}`."""
        state = caller.call("GET", f"{self._runs}/{quote(run, safe='')}").json()["state"]
        if state == "failed":
            raise RunFailedError(f"run {run} of the hand-written DAG failed")
        return bool(state == "success")

    def progress(self, caller: Caller, since: str) -> Progress:
        """The list's `total_entries`, of which one is fetched."""
        found = {
            state: caller.call("GET", f"{self._runs}?state={state}&limit=1&run_after_gte={quote(since)}").json()
            for state in ("success", "failed")
        }
        return Progress(succeeded=found["success"]["total_entries"], failed=found["failed"]["total_entries"])
