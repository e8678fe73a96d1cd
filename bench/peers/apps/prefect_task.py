"""The three calls as a Prefect background task, each a task of its own. Runs in the peer's environment."""

from __future__ import annotations

import os

import httpx
from prefect import task

CLIENTS: list[httpx.AsyncClient] = []
"""The process's one client: connections are kept alive."""


@task(retries=3, retry_delay_seconds=1)
async def call(run: str, number: int) -> int:
    """One call."""
    if not CLIENTS:
        CLIENTS.append(httpx.AsyncClient(timeout=120))
    answer = await CLIENTS[0].post(f"{os.environ['PAO_TARGET']}/{run}/{number}")
    return answer.raise_for_status().status_code


@task(task_run_name="three_calls-{run}")
async def three_calls(run: str) -> None:
    """The three, one after the other."""
    for number in (1, 2, 3):
        await call(run, number)
