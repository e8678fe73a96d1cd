"""Prefect: flows and tasks whose state is kept by a server, on PostgreSQL.

Measured twice. A **deployment** on a process work pool is how its guide runs flows in production: a worker starts a
process for each run. A **background task** is what the same documentation gives for short work behind a web
application: a task worker, connected to the server by a WebSocket, runs it in its own process.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.calls import Account, Caller
from bench.peers.engine import Engine, Peer, Place
from bench.peers.installing import install_from_pypi
from bench.peers.processes import Command, Processes, free_port, processes

VERSION = "3.9.1"
APPS = Path(__file__).parent / "apps"
WORKER_LIMIT = 4
"""Runs at once: each is a process, and more of them only take the two cores from each other."""
QUERY_SECONDS = "0.5"
"""Of the worker, instead of 10, which would all be waiting."""
TASK_LIMIT = 50
"""Tasks at once in a task worker, instead of 10."""
FLOWS_ENDED = """
SELECT count(*) FILTER (WHERE state_type = 'COMPLETED'), count(*) FILTER (WHERE state_type <> 'COMPLETED'),
       extract(epoch FROM max(end_time))
FROM flow_run
WHERE state_type IN ('COMPLETED', 'FAILED', 'CRASHED', 'CANCELLED') AND end_time >= to_timestamp(%(since)s)
"""
TASKS_ENDED = """
SELECT count(*) FILTER (WHERE state_type = 'COMPLETED'), count(*) FILTER (WHERE state_type <> 'COMPLETED'),
       extract(epoch FROM max(end_time))
FROM task_run
WHERE state_type IN ('COMPLETED', 'FAILED', 'CRASHED', 'CANCELLED') AND end_time >= to_timestamp(%(since)s)
      AND name LIKE 'three_calls%%'
"""


@contextmanager
def _deployment(place: Place) -> Iterator[Engine]:
    with processes(place.logs) as started:
        port, environment = _server(started, place)
        prefect, python = place.installed / "venv/bin/prefect", place.installed / "venv/bin/python"
        started.run("pool", [prefect, "work-pool", "create", "bench", "--type", "process"], environment)
        started.run("deploy", [python, APPS / "prefect_deploy.py"], environment)
        worker: Command = [
            prefect,
            "worker",
            "start",
            "--pool",
            "bench",
            "--type",
            "process",
            "--limit",
            str(WORKER_LIMIT),
        ]
        started.start("worker", worker, environment)
        started.wait_for_words("worker", "started!")
        account = Account(host="127.0.0.1", port=port, token="none")
        with account.connected() as caller:
            found = caller.call("GET", "/api/deployments/name/three-calls/bench").json()
        path = f"/api/deployments/{found['id']}/create_flow_run"

        def submit(caller: Caller, run: str) -> None:
            body = {"parameters": {"run": run}, "state": {"type": "SCHEDULED"}}
            caller.call("POST", path, body=body, wanted=201)

        yield Engine(account=account, submit=submit, ended=FLOWS_ENDED, database=_libpq(place))


@contextmanager
def _background(place: Place) -> Iterator[Engine]:
    with processes(place.logs) as started:
        _, environment = _server(started, place)
        prefect, python, port = place.installed / "venv/bin/prefect", place.installed / "venv/bin/python", free_port()
        task = f"{APPS / 'prefect_task.py'}:three_calls"
        started.start("tasks", [prefect, "task", "serve", task, "--limit", str(TASK_LIMIT)], environment)
        app: Command = [python, "-m", "uvicorn", "--app-dir", APPS, "--port", str(port), "--log-level", "warning"]
        started.start("app", [*app, "prefect_app:app"], environment)
        started.wait_for_port(port, "/health")
        account = Account(host="127.0.0.1", port=port, token="none")
        yield Engine(account=account, submit=_submit, ended=TASKS_ENDED, database=_libpq(place))


def _server(started: Processes, place: Place) -> tuple[int, dict[str, str]]:
    """A server on PostgreSQL; its port, and the settings of what talks to it."""
    port, prefect = free_port(), place.installed / "venv/bin/prefect"
    environment = {
        "PREFECT_HOME": str(place.folder / "prefect"),
        "PREFECT_API_DATABASE_CONNECTION_URL": f"postgresql+asyncpg://postgres@/postgres?host={place.database}",
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_WORKER_QUERY_SECONDS": QUERY_SECONDS,
        "DO_NOT_TRACK": "1",
        "PAO_TARGET": place.target,
    }
    serving: Command = [prefect, "server", "start", "--host", "127.0.0.1", "--port", str(port), "--no-ui"]
    started.run("migrate", [prefect, "server", "database", "upgrade", "-y"], environment)
    started.start("server", serving, {**environment, "PREFECT_API_DATABASE_MIGRATE_ON_START": "false"})
    started.wait_for_port(port, "/api/health")
    return port, environment


def _submit(caller: Caller, run: str) -> None:
    caller.call("POST", f"/runs/{run}", wanted=202)


def _libpq(place: Place) -> str:
    return f"postgresql://postgres@/postgres?host={place.database}"


def _install(folder: Path) -> None:
    install_from_pypi(folder, f"prefect=={VERSION}", "uvicorn==0.54.0")


DEPLOYMENT = Peer(name="Prefect, deployment", version=VERSION, folder="prefect", install=_install, running=_deployment)
BACKGROUND = Peer(
    name="Prefect, background task", version=VERSION, folder="prefect", install=_install, running=_background
)
