"""Waits until a started stack serves, and says which process keeps it from doing so."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import httpx

from pao_local.errors import NotReadyError, ProcessFailedError
from pao_local.processes import Supervisor
from pao_local.programs import log_file
from pao_local.settings import Settings

READY_TIMEOUT = 180.0
"""Seconds; two slow cores need about 45."""
INTERVAL = 0.5
LAST_LINES = 15
ACCESS_LOG = "[http.access]"
"""Marks the lines that say nothing but that somebody asked."""
LONG_AGO = datetime.min.replace(tzinfo=UTC)
AIRFLOW_PARTS = ("metadatabase", "scheduler", "triggerer", "dag_processor")


def wait_until_ready(
    settings: Settings, supervisor: Supervisor, since: datetime = LONG_AGO, timeout: float = READY_TIMEOUT
) -> None:
    """Return when the API answers and all of Airflow's processes have reported to the database since they started.

    Raises `ProcessFailedError` as soon as a process is given up, `NotReadyError` after `timeout` seconds.
    """
    deadline = time.monotonic() + timeout
    with httpx.Client(base_url=f"http://127.0.0.1:{settings.port}", timeout=5, trust_env=False) as client:
        waiting_for: list[str] = []
        for missing in (partial(_missing_in_airflow, since=since), _missing_in_api):
            while waiting_for := missing(client):
                _raise_for_failed(settings, supervisor)
                if time.monotonic() > deadline:
                    raise NotReadyError(_not_ready(settings, waiting_for, timeout))
                time.sleep(INTERVAL)


def _missing_in_airflow(client: httpx.Client, since: datetime) -> list[str]:
    try:
        answer = client.get("/api/v2/monitor/health")
        parts = answer.raise_for_status().json()
    except (httpx.HTTPError, ValueError):
        return ["api-server"]
    return [part.replace("_", "-") for part in AIRFLOW_PARTS if not _reports(part, parts.get(part) or {}, since)]


def _reports(name: str, part: Mapping[str, str | None], since: datetime) -> bool:
    """Whether a part is well, and itself: the last report of one that was stopped counts for half a minute."""
    heard = part.get(f"latest_{name}_heartbeat")
    return part.get("status") == "healthy" and (heard is None or datetime.fromisoformat(heard) >= since)


def _missing_in_api(client: httpx.Client) -> list[str]:
    return [] if is_ready(client) else ["api-server", "dag-processor"]


def is_ready(client: httpx.Client) -> bool:
    """Whether the API server that the client calls answers, and has a catalog to serve."""
    try:
        return client.get("/health/ready").is_success
    except httpx.HTTPError:
        return False


def _raise_for_failed(settings: Settings, supervisor: Supervisor) -> None:
    for program in supervisor.states():
        if program.state == "FATAL":
            log = log_file(settings, program.name)
            raise ProcessFailedError(program.name, str(log), last_lines(log))


def _not_ready(settings: Settings, names: list[str], timeout: float) -> str:
    logs = "\n\n".join(
        f"{log_file(settings, name)} ends with:\n{last_lines(log_file(settings, name))}" for name in names
    )
    return f"{' and '.join(names)} did not become ready within {timeout:.0f} s.\n\n{logs}\n"


def last_lines(path: Path, count: int = LAST_LINES) -> str:
    """The end of a log, for an error message; empty where there is none."""
    if not path.is_file():
        return ""
    lines = [line for line in path.read_text(errors="replace").splitlines() if ACCESS_LOG not in line]
    return "\n".join(lines[-count:])
