"""Brings a local stack up and down: the one place that knows the order."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from pao_local import preflight
from pao_local.catalog_source import resolve, resolve_further
from pao_local.credentials import set_up_accounts, write_credentials
from pao_local.database import Database
from pao_local.environment import airflow_environment, process_environment
from pao_local.errors import StartError
from pao_local.health import LONG_AGO, wait_until_ready
from pao_local.processes import ProcessState, Supervisor
from pao_local.programs import Program, stack_programs
from pao_local.progress import Progress
from pao_local.secret_keys import load_or_make
from pao_local.settings import Settings
from pao_local.signals import uninterrupted

CODE = ("api_plugin", "catalog_compiler", "plugins", "examples/target")
"""What running processes hold in memory; where it changed, they are started again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Status:
    """What a stack does at this moment."""

    processes: tuple[ProcessState, ...]
    database_pid: int | None


def up(settings: Settings, progress: Progress) -> dict[str, str]:
    """Start what does not run yet and wait until it serves; the environment of Airflow's commands on this stack.

    Raises `StartError`, and then leaves nothing running.
    """
    preflight.check_tools()
    settings.state.mkdir(parents=True, exist_ok=True)
    with preflight.disk_errors(settings.state), _alone(settings):
        preflight.check_disk(settings.state)
        try:
            return _up(settings, progress)
        except BaseException:
            with uninterrupted(), progress.step("Stopping what was started"):
                _down(settings)
            raise


def down(settings: Settings, progress: Progress) -> None:
    """Stop everything; the data stays."""
    if not settings.state.is_dir():
        return
    with _alone(settings), uninterrupted(), progress.step("Stopping"):
        _down(settings)


def status(settings: Settings) -> Status:
    """Look, and change nothing."""
    return Status(processes=Supervisor(settings).states(), database_pid=Database(settings).pid())


def _up(settings: Settings, progress: Progress) -> dict[str, str]:
    for folder in (settings.logs, settings.airflow_home / "plugins"):
        folder.mkdir(parents=True, exist_ok=True)
    supervisor, database = Supervisor(settings), Database(settings)
    keys = load_or_make(settings.secrets_file)
    source = resolve(settings.catalog, settings.snapshots)
    further = {name: resolve_further(name, catalog) for name, catalog in settings.catalogs}
    with progress.step("Starting PostgreSQL"):
        url = database.start()
    environment = process_environment(os.environ, airflow_environment(settings, keys, source, url, further), settings)
    programs = stack_programs(settings, source)
    running = settings.state / "running"
    wanted = _fingerprint(settings, environment, programs)
    started = LONG_AGO
    if not (supervisor.running() and running.is_file() and running.read_text() == wanted):
        supervisor.stop()
        preflight.check_ports(settings)
        with progress.step("Preparing the database"):
            database.migrate(environment)
            set_up_accounts(settings, keys, environment)
        write_credentials(settings, keys)
        started = datetime.now(UTC)
        supervisor.start(programs, environment)
        running.write_text(wanted)
    with progress.step("Waiting for Airflow's processes"):
        wait_until_ready(settings, supervisor, started)
    return environment


def _down(settings: Settings) -> None:
    (settings.state / "running").unlink(missing_ok=True)
    Supervisor(settings).stop()
    Database(settings).stop()


def _fingerprint(settings: Settings, environment: Mapping[str, str], programs: tuple[Program, ...]) -> str:
    """Changes when running processes are not what this start would start."""
    ours = {name: value for name, value in environment.items() if name.startswith("AIRFLOW")}
    digest = hashlib.sha256(json.dumps([ours, [repr(each) for each in programs]], sort_keys=True).encode())
    for folder in CODE:
        for path in sorted((settings.root / folder).rglob("*.py")):
            digest.update(f"{path}{path.stat().st_mtime_ns}".encode())
    return digest.hexdigest()


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """Let one start or stop at a time work on this state folder."""
    with (settings.state / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StartError(
                f"another start or stop is at work in {settings.state}; wait until it is through, then try again"
            ) from error
        yield
