"""The three calls as a DBOS workflow, behind a FastAPI application. Runs in the peer's environment.

Its functions run on threads, as in the documentation's examples: as coroutines they completed fewer at once.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from dbos import DBOS
from fastapi import FastAPI

TARGET = os.environ["PAO_TARGET"]
CLIENTS: list[httpx.Client] = []
"""The process's one client: connections are kept alive."""


@DBOS.step(retries_allowed=True, interval_seconds=1, max_attempts=3)
def call(run: str, number: int) -> int:
    """One call; its outcome is committed before the next one begins."""
    answer = CLIENTS[0].post(f"{TARGET}/{run}/{number}")
    return answer.raise_for_status().status_code


@DBOS.workflow()
def three_calls(run: str) -> None:
    """The three, one after the other."""
    for number in (1, 2, 3):
        call(run, number)


@asynccontextmanager
async def _lifespan(_: FastAPI) -> AsyncIterator[None]:
    DBOS(
        config={
            "name": "three-calls",
            "system_database_url": os.environ["DBOS_SYSTEM_DATABASE_URL"],
            "executor_id": str(os.getpid()),
            "run_admin_server": False,
        }
    )
    DBOS.launch()
    with httpx.Client(timeout=120, limits=httpx.Limits(max_connections=200)) as client:
        CLIENTS.append(client)
        yield
    DBOS.destroy()


app = FastAPI(lifespan=_lifespan)


@app.get("/health")
async def health() -> dict[str, str]:
    """Whether it listens."""
    return {"status": "ok"}


@app.post("/runs/{run}", status_code=202)
def start(run: str) -> dict[str, str]:
    """Start a workflow; it is recorded when this answers."""
    handle = DBOS.start_workflow(three_calls, run)
    return {"id": handle.workflow_id}
