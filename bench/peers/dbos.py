"""DBOS Transact: a library whose workflows record each step in PostgreSQL.

As its production guide has it: an application of one's own (FastAPI), its system database on PostgreSQL, several
processes with an `executor_id` each. A workflow is started in the process that took it, once its row is committed; its
queues are for flow control, and are looked at once a second.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.calls import Account, Caller
from bench.peers.engine import Engine, Peer, Place
from bench.peers.installing import install_from_pypi
from bench.peers.processes import Command, free_port, processes

VERSION = "3.4.0"
PROCESSES = 2
"""One a core. With one, its Python is what limits it."""
APP = Path(__file__).parent / "apps" / "dbos_app.py"
ENDED = """
SELECT count(*) FILTER (WHERE status = 'SUCCESS'), count(*) FILTER (WHERE status <> 'SUCCESS'),
       max(completed_at) / 1000.0
FROM dbos.workflow_status
WHERE completed_at >= %(since)s * 1000
"""


@contextmanager
def _running(place: Place) -> Iterator[Engine]:
    python, port = place.installed / "venv/bin/python", free_port()
    environment = {
        "DBOS_SYSTEM_DATABASE_URL": f"postgresql://postgres@/postgres?host={place.database}",
        "PAO_TARGET": place.target,
    }
    with processes(place.logs) as started:
        # The first process makes the tables; the others come when they are there.
        command: Command = [
            python,
            "-m",
            "uvicorn",
            "--app-dir",
            APP.parent,
            "--port",
            str(port),
            "--log-level",
            "warning",
        ]
        started.run(
            "dbos-migrate", [python.parent / "dbos", "migrate", "-s", environment["DBOS_SYSTEM_DATABASE_URL"]], {}
        )
        started.start("dbos", [*command, "--workers", str(PROCESSES), "dbos_app:app"], environment)
        started.wait_for_port(port, "/health")
        yield Engine(
            account=Account(host="127.0.0.1", port=port, token="none"),
            submit=_submit,
            ended=ENDED,
            database=f"postgresql://postgres@/postgres?host={place.database}",
        )


def _submit(caller: Caller, run: str) -> None:
    caller.call("POST", f"/runs/{run}", wanted=202)


def _install(folder: Path) -> None:
    install_from_pypi(folder, f"dbos=={VERSION}", "fastapi==0.165.0", "httpx==0.28.1", "uvicorn==0.54.0")


DBOS = Peer(name="DBOS", version=VERSION, folder="dbos", install=_install, running=_running)
