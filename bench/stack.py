"""The stack that is measured: one of its own, started by the code of `make run`, stopped whatever happens."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg2
from pao_local import stack
from pao_local.daemons import Daemons
from pao_local.preflight import is_free
from pao_local.processes import Supervisor
from pao_local.progress import Progress
from pao_local.secret_keys import SecretKeys, load_or_make
from pao_local.settings import Settings

from api_plugin.client import ApiClient
from bench.calls import Account
from bench.recorder import Recorder, recording
from bench.repository import make_repository
from bench.ways import HANDWRITTEN, HANDWRITTEN_STEPS, HANDWRITTEN_WORKERS

ROOT = Path(__file__).resolve().parents[1]
PORTS = range(18080, 18980, 2)
"""Where a free pair is looked for: the API's port, and the target's after it."""
WRITTEN = (HANDWRITTEN, HANDWRITTEN_STEPS, HANDWRITTEN_WORKERS)
DAEMONS = Daemons(triggerers=("pao", "airflow"))
"""Of the triggerers, ours runs, and Airflow's own where a part lets it; see `bench.contenders`."""
CATALOG_TIMEOUT = 1200.0
"""Seconds until every item can be ordered; two cores parse about six items a second."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MeasuredStack:
    """A stack that serves the generated catalog and the hand-written DAGs, and a target that records its calls."""

    settings: Settings
    environment: dict[str, str]
    repository: Path
    """The catalog's."""
    service: ApiClient
    developer: Account
    admin: Account
    recorder: Recorder

    @contextmanager
    def database(self) -> Iterator[Callable[..., list[tuple[Any, ...]]]]:
        """What answers queries, over one connection: called with a query and its values."""
        url = self.environment["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].replace("+psycopg2", "", 1)
        with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
            connection.autocommit = True

            def ask(query: str, *values: Any) -> list[tuple[Any, ...]]:
                cursor.execute(query, values)
                return cursor.fetchall()

            yield ask

    def airflow_settings(self) -> dict[str, str]:
        """The settings that decide how fast things are; no secret is among them."""
        prefixes = ("AIRFLOW__SCHEDULER__", "AIRFLOW__TRIGGERER__", "AIRFLOW__DAG_PROCESSOR__", "AIRFLOW__API__WORKERS")
        chosen = {
            "AIRFLOW__CORE__EXECUTOR",
            "AIRFLOW__CORE__PARALLELISM",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_POOL_SIZE",
        }
        return {name: value for name, value in self.environment.items() if name.startswith(prefixes) or name in chosen}


@contextmanager
def measured_stack(items: int, progress: Progress) -> Iterator[MeasuredStack]:
    """Start a stack with so many items and wait until all can be ordered.

    Its folder is kept, and named, where anything failed: it holds the logs.
    """
    folder = Path(tempfile.mkdtemp(prefix="pao-bench-"))
    # PostgreSQL runs as another user where this runs as root.
    folder.chmod(0o755)
    commit = make_repository(folder / "catalog", items)
    settings = Settings(
        root=ROOT,
        state=folder / "state",
        port=_free_ports(),
        catalog=str(folder / "catalog"),
        dags=ROOT / "bench/dags",
        daemons=DAEMONS,
    )
    os.environ["AIRFLOW_CONN_BENCH_TARGET"] = json.dumps(
        {"conn_type": "http", "host": "127.0.0.1", "port": settings.target_port, "schema": "http"}
    )
    try:
        with recording() as recorder:
            address = {"conn_type": "http", "host": "127.0.0.1", "port": recorder.port, "schema": "http"}
            os.environ["AIRFLOW_CONN_BENCH_RECORDER"] = json.dumps(address)
            os.environ["AIRFLOW_VAR_PAO_RECORDER_URL"] = f"http://127.0.0.1:{recorder.port}"
            yield from _running(settings, commit, items, recorder, progress)
    except BaseException:
        progress.say(f"The logs of the measured stack are in {settings.logs}")
        raise
    shutil.rmtree(folder)


def _running(
    settings: Settings, commit: str, items: int, recorder: Recorder, progress: Progress
) -> Iterator[MeasuredStack]:
    try:
        environment = stack.up(settings, progress)
        _, *others = (name for name, _ in DAEMONS.named_triggerers())
        for name in others:
            Supervisor(settings).stop_program(name)
        keys = load_or_make(settings.secrets_file)
        with progress.step(f"Waiting until all {items} items can be ordered"):
            _wait_until_served(settings, keys, commit)
        with ApiClient(base_url=settings.base_url, token=keys.service_api_key) as service:
            yield MeasuredStack(
                settings=settings,
                environment=environment,
                repository=Path(settings.catalog),
                service=service,
                developer=_account(settings, "developer", keys.developer_password),
                admin=_account(settings, "admin", keys.admin_password),
                recorder=recorder,
            )
    finally:
        stack.down(settings, progress)


def _free_ports() -> int:
    return next(port for port in PORTS if is_free(port) and is_free(port + 1))


def _account(settings: Settings, username: str, password: str) -> Account:
    token = httpx.post(
        f"{settings.base_url}/auth/token",
        json={"username": username, "password": password},
        timeout=30,
        trust_env=False,
    ).raise_for_status()
    return Account(host="127.0.0.1", port=settings.port, token=token.json()["access_token"])


def _wait_until_served(settings: Settings, keys: SecretKeys, commit: str) -> None:
    deadline = time.monotonic() + CATALOG_TIMEOUT
    admin = _account(settings, "admin", keys.admin_password)
    headers = {"Authorization": f"Bearer {admin.token}"}
    with (
        ApiClient(base_url=settings.base_url, token=keys.service_api_key) as service,
        httpx.Client(base_url=settings.base_url, headers=headers, trust_env=False) as airflow,
    ):
        while True:
            state = service.catalog_state("default")
            if state.invalid:
                raise RuntimeError(f"the generated catalog is not valid: {state.problems[:1]}")
            written = all(airflow.get(f"/api/v2/dags/{dag}").is_success for dag in WRITTEN)
            if state.commit == commit and not state.pending and written:
                return
            if time.monotonic() > deadline:
                raise TimeoutError(
                    f"after {CATALOG_TIMEOUT:.0f} s {len(state.pending)} items still wait for their DAGs; "
                    f"see {settings.logs / 'dag-processor.log'}"
                )
            time.sleep(1)
