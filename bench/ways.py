"""The two ways to have the three calls made: ordering the item `bench`, or triggering the hand-written DAG."""

from __future__ import annotations

from typing import Protocol
from urllib.parse import quote

from bench.calls import Account, Caller
from bench.repository import MEASURED

HANDWRITTEN = "handwritten"
"""The DAG in `bench/dags`."""


class RunFailedError(Exception):
    """A run ended badly, so that its time says nothing."""


class Way(Protocol):
    """How to start the three calls, and how to know that they were made."""

    @property
    def account(self) -> Account:
        """Who asks."""

    def start(self, caller: Caller) -> tuple[str, float]:
        """Start one run; its id, and the seconds that the call took."""

    def is_over(self, caller: Caller, run: str) -> bool:
        """Whether that run has succeeded; raises `RunFailedError` where it failed."""

    def succeeded(self, caller: Caller, since: str) -> int:
        """How many of the runs started since that time have succeeded; of ours, of the newest 200."""


class Ordered:
    """The item, through our API."""

    def __init__(self, account: Account) -> None:
        """Order as a developer."""
        self.account = account

    def start(self, caller: Caller) -> tuple[str, float]:
        """`POST /api/v1/requests`."""
        body = {"item_id": MEASURED, "fields": {"text": "measured"}}
        reply = caller.call("POST", "/api/v1/requests", body=body, wanted=202)
        return reply.json()["id"], reply.seconds

    def is_over(self, caller: Caller, run: str) -> bool:
        """`GET /api/v1/requests/{id}/status`."""
        status = caller.call("GET", f"/api/v1/requests/{run}/status").json()
        if status["status"] not in {"submitted", "validated", "queued", "in_progress", "completed"}:
            raise RunFailedError(f"request {run} ended as {status['status']}: {status['error']}")
        return bool(status["status"] == "completed")

    def succeeded(self, caller: Caller, since: str) -> int:
        """`GET /api/v1/requests`, which brings each listed request up to date."""
        page = caller.call("GET", f"/api/v1/requests?limit=200&created_after={quote(since)}").json()
        return sum(request["status"] == "completed" for request in page["items"])


class Handwritten:
    """The DAG, through Airflow's own API."""

    def __init__(self, account: Account) -> None:
        """Trigger as an administrator."""
        self.account = account
        self._runs = f"/api/v2/dags/{HANDWRITTEN}/dagRuns"

    def start(self, caller: Caller) -> tuple[str, float]:
        """`POST /api/v2/dags/handwritten/dagRuns`."""
        reply = caller.call("POST", self._runs, body={"logical_date": None})
        return reply.json()["dag_run_id"], reply.seconds

    def is_over(self, caller: Caller, run: str) -> bool:
        """`GET /api/v2/dags/handwritten/dagRuns/{run}`."""
        state = caller.call("GET", f"{self._runs}/{quote(run, safe='')}").json()["state"]
        if state == "failed":
            raise RunFailedError(f"run {run} of the hand-written DAG failed")
        return bool(state == "success")

    def succeeded(self, caller: Caller, since: str) -> int:
        """The list's `total_entries`, of which one is fetched."""
        query = f"state=success&limit=1&run_after_gte={quote(since)}"
        return int(caller.call("GET", f"{self._runs}?{query}").json()["total_entries"])
