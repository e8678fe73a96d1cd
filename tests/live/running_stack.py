"""A stack of its own for the live tests, started by the same code as `make run`; what they look at and break in it."""

from __future__ import annotations

import os
import re
import socket
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil
import psycopg2
from pao_local import stack
from pao_local.daemons import Daemons
from pao_local.database import Database
from pao_local.environment import STACK_MARK
from pao_local.health import is_ready, wait_until_ready
from pao_local.processes import Supervisor
from pao_local.programs import log_file
from pao_local.progress import Progress
from pao_local.secret_keys import SecretKeys, load_or_make
from pao_local.settings import Settings

from api_plugin.store.leading import Leader
from tests.live.waiting import wait_for

ROOT = Path(__file__).resolve().parents[2]
ENDS = "Exiting gracefully"
"""What Airflow's programs write when they are told to end."""


@dataclass(frozen=True, kw_only=True)
class RunningStack:
    """Everything that tests may know of the stack."""

    settings: Settings
    keys: SecretKeys
    database_url: str
    environment: Mapping[str, str] = field(repr=False)
    """Of its processes."""

    @classmethod
    @contextmanager
    def started(
        cls,
        state: Path,
        catalog: Path,
        variables: Mapping[str, str],
        *,
        further: Mapping[str, str],
        options: Mapping[str, str],
    ) -> Iterator[RunningStack]:
        """Start one, with these Airflow Variables, further catalogs and environment; stopped whatever happens."""
        settings = Settings(
            root=ROOT,
            state=state,
            port=_free_port(),
            catalog=str(catalog),
            catalogs=tuple(further.items()),
            daemons=Daemons.from_environment(os.environ),
        )
        environ = {f"AIRFLOW_VAR_PAO_{name}": value for name, value in variables.items()} | dict(options)
        os.environ.update(environ)
        progress = Progress()
        try:
            environment = stack.up(settings, progress)
            yield cls(
                settings=settings,
                keys=load_or_make(settings.secrets_file),
                database_url=environment["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].replace("+psycopg2", "", 1),
                environment=environment,
            )
        finally:
            stack.down(settings, progress)
            for name in environ:
                del os.environ[name]

    @property
    def base_url(self) -> str:
        """Of the API."""
        return self.settings.base_url

    @property
    def target_url(self) -> str:
        """Of the example target."""
        return f"http://127.0.0.1:{self.settings.target_port}"

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """What the database answers."""
        connection = psycopg2.connect(self.database_url)
        try:
            with connection.cursor() as cursor:
                cursor.execute(query, values or None)
                return cursor.fetchall()
        finally:
            connection.close()

    def change(self, statement: str, *values: Any) -> None:
        """Change what the database has, as nothing of the stack would."""
        connection = psycopg2.connect(self.database_url)
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(statement, values or None)
        finally:
            connection.close()

    @contextmanager
    def nobody_writes(self, table: str) -> Iterator[Callable[[], bool]]:
        """Have everyone who would write to a table wait while the block runs; gives whether somebody does."""
        connection = psycopg2.connect(self.database_url)
        waiting = "SELECT 1 FROM pg_locks WHERE relation = %s::regclass AND NOT granted"
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(f"LOCK TABLE {table} IN EXCLUSIVE MODE")
                yield lambda: bool(self.rows(waiting, table))
        finally:
            connection.close()

    @contextmanager
    def nobody_hears(self, leader: type[Leader]) -> Iterator[None]:
        """Hold the lock of the process that alone acts on what it is told, while the block runs."""
        connection = psycopg2.connect(self.database_url)
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:

                def held() -> bool:
                    ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s"
                    cursor.execute(ended, (leader.channel,))
                    cursor.execute("SELECT pg_try_advisory_lock(%s)", (leader.lock,))
                    return bool(cursor.fetchone()[0])

                wait_for(held, f"nobody hears {leader.channel}")
                yield
        finally:
            connection.close()

    def runs(self) -> int:
        """How many runs of compiled DAGs there are."""
        return self.rows("SELECT count(*) FROM dag_run WHERE dag_id LIKE 'default.%'")[0][0]

    def places_of(self, text: str) -> set[str]:
        """Tables, and log files, that hold a text: as it is, in hexadecimal (pickled), or in base64."""
        return {*self._tables_with(text), *self._log_files_with(text)}

    def kill(self, program: str) -> None:
        """Kill a program with its whole process tree, as the kernel would when memory is short; each that there is."""
        found = [each.pid for each in Supervisor(self.settings).states() if re.sub(r"-\d$", "", each.name) == program]
        assert found, f"{program} does not run"
        for pid in found:
            _kill_tree(pid)

    def tell_to_end(self, program: str) -> None:
        """Tell a program to end, as an orderly restart does, and return when it has begun to; each that there is."""
        found = [each for each in Supervisor(self.settings).states() if re.sub(r"-\d$", "", each.name) == program]
        assert found, f"{program} does not run"
        for each in found:
            log = log_file(self.settings, each.name)
            said = log.read_text(encoding="utf-8", errors="replace").count(ENDS)
            psutil.Process(each.pid).terminate()
            wait_for(
                lambda log=log, said=said: log.read_text(encoding="utf-8", errors="replace").count(ENDS) > said,
                f"{each.name} begins to end",
            )

    def restart_database(self) -> None:
        """Kill PostgreSQL with every connection, as a crash would, and start it again as it was started."""
        pid = Database(self.settings).pid()
        assert pid is not None, "PostgreSQL does not run"
        server = psutil.Process(pid)
        command, user = server.cmdline(), server.username()
        _kill_tree(pid)
        with (self.settings.database / "log").open("ab") as log:
            subprocess.run(
                ["setsid", "--fork", *command],
                user=user if os.geteuid() == 0 else None,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                check=True,
            )
        wait_for(lambda: Database(self.settings).pid() not in {None, pid}, "PostgreSQL has started again")

    @contextmanager
    def another_api_server(self, options: Mapping[str, str]) -> Iterator[str]:
        """A second API server beside the first one, with this environment over the stack's; where it serves."""
        port = _free_port()
        url = f"http://localhost:{port}"
        with (
            self.another("api-server", "airflow", "api-server", AIRFLOW__API__PORT=str(port), **options) as process,
            httpx.Client(base_url=url, timeout=5, trust_env=False) as client,
        ):
            wait_for(lambda: process.poll() is not None or is_ready(client), f"{url} is ready")
            assert process.poll() is None, "the second API server ended; see api-server-2.log"
            yield url

    @contextmanager
    def another(self, name: str, *command: str, **options: str) -> Iterator[subprocess.Popen[bytes]]:
        """A second process of a kind beside the stack's own, with this environment over theirs; nobody restarts it."""
        # Whatever becomes of this process, the stack's end is its end too.
        environment = {**self.environment, **options, STACK_MARK: str(self.settings.state), "SPT_NOENV": "1"}
        program, *arguments = command
        with (self.settings.logs / f"{name}-2.log").open("w") as log:
            process = subprocess.Popen(
                [self.settings.bin / program, *arguments], env=environment, stdout=log, stderr=subprocess.STDOUT
            )
            try:
                yield process
            finally:
                _kill_tree(process.pid)
                process.wait()

    def wait_until_ready(self) -> None:
        """Return when the API serves, and every process reports to the database."""
        wait_until_ready(self.settings, Supervisor(self.settings))

    def heartbeats(self, job_type: str) -> set[int]:
        """The processes of a kind that have reported in the last few seconds."""
        rows = self.rows(
            "SELECT id FROM job WHERE job_type = %s AND state = 'running' "
            "AND latest_heartbeat > now() - interval '10 seconds'",
            job_type,
        )
        return {row[0] for row in rows}

    def _tables_with(self, text: str) -> Iterator[str]:
        tables = self.rows(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables "
            "WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        )
        forms = "%s, encode(convert_to(%s, 'UTF8'), 'hex'), encode(convert_to(%s, 'UTF8'), 'base64')"
        for (table,) in tables:
            found = self.rows(
                f"SELECT 1 FROM {table} AS t, unnest(ARRAY[{forms}]) AS form WHERE strpos(t::text, form) > 0 LIMIT 1",
                text, text, text,
            )  # fmt: skip
            if found:
                yield table

    def _log_files_with(self, text: str) -> Iterator[str]:
        for folder in (self.settings.logs, self.settings.airflow_home / "logs"):
            for path in folder.rglob("*"):
                if path.is_file() and text.encode() in path.read_bytes():
                    yield str(path)


def _kill_tree(pid: int) -> None:
    """Kill a process with all that it started, as the kernel would when memory is short; one that is gone is left."""
    try:
        root = psutil.Process(pid)
        tree = [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return
    for process in tree:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(tree, timeout=5)


def _free_port() -> int:
    """A port that is free, as the next one is, which the example target takes."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = first.getsockname()[1]
            try:
                second.bind(("127.0.0.1", port + 1))
            except (OSError, OverflowError):
                continue
            return port
