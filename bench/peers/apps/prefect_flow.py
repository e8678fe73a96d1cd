"""The three calls as a Prefect flow. Runs in the peer's environment, in a process for each run."""

from __future__ import annotations

import os

import httpx
from prefect import flow, task


@task(retries=3, retry_delay_seconds=1)
def call(client: httpx.Client, run: str, number: int) -> int:
    """One call."""
    return client.post(f"{os.environ['PAO_TARGET']}/{run}/{number}").raise_for_status().status_code


@flow(name="three-calls")
def three_calls(run: str) -> None:
    """The three, one after the other."""
    with httpx.Client(timeout=120) as client:
        for number in (1, 2, 3):
            call(client, run, number)
