"""The two ways to have calls made: ordering an item, `bench` by default, or triggering a hand-written DAG."""

from __future__ import annotations

from typing import Protocol
from urllib.parse import quote

from bench.calls import Account, Caller
from bench.repository import MEASURED

STEPS = "bench-steps"
"""The item of three calls to the recorder."""
HANDWRITTEN = "handwritten"
"""The DAG in `bench/dags` of the three calls to the example target."""
HANDWRITTEN_STEPS = "handwritten_steps"
"""That of three calls to the recorder."""
HANDWRITTEN_WORKERS = "handwritten_workers"
"""The same, on workers."""
OPEN = ("submitted", "validated", "queued", "in_progress")
"""The statuses of a request that has not ended."""


class RunFailedError(Exception):
    """A run ended badly, so that its time says nothing."""


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
