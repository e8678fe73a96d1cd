"""The programs of a local stack, and supervisord's configuration for them."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pao_local.catalog_source import CatalogSource
from pao_local.settings import Settings

WORKS_IN_THE_BACKGROUND = 10
"""The niceness of what nobody waits for at that moment: whoever orders gets the answer first, then what was ordered."""
AIRFLOW_PROGRAMS = ("api-server", "scheduler", "triggerer", "dag-processor")


@dataclass(frozen=True, kw_only=True, slots=True)
class Program:
    """One program that supervisord keeps running."""

    name: str
    command: tuple[str, ...]
    niceness: int = 0
    """How far it steps back where the processors are all at work: 0 not at all, 19 furthest."""
    python_path: Path | None = None
    stop_seconds: int = 8
    """How long it may take to end; Airflow's API server would wait two minutes for open connections."""


def stack_programs(settings: Settings, source: CatalogSource) -> tuple[Program, ...]:
    """What a stack runs: Airflow's four, the example target, and a watcher where the catalog is a plain folder."""
    airflow, pao = str(settings.bin / "airflow"), str(settings.bin / "pao")
    behind = WORKS_IN_THE_BACKGROUND
    programs = [
        Program(name="api-server", command=(airflow, "api-server")),
        # Logs are read from this disk: no process needs to serve its own over the network.
        *(
            Program(name=name, command=(airflow, "scheduler", "--skip-serve-logs"), niceness=behind)
            for name in settings.daemons.named_schedulers()
        ),
        *(
            Program(
                name=name,
                command=(str(settings.bin / of), "triggerer", "--skip-serve-logs"),
                niceness=behind,
                # Its calls that are on their way may end.
                stop_seconds=20,
            )
            for name, of in settings.daemons.named_triggerers()
        ),
        Program(name="dag-processor", command=(pao, "dag-processor"), niceness=behind + 5),
        Program(
            name="target",
            command=(
                sys.executable,
                "-m",
                "examples.target",
                f"--port={settings.target_port}",
                f"--state={settings.state / 'target.sqlite'}",
            ),
            python_path=settings.root,
        ),
    ]
    if source.watched is not None:
        watcher = (sys.executable, "-m", "pao_local.catalog_watch", str(source.watched), str(settings.snapshots))
        programs.append(Program(name="catalog-watch", command=watcher, python_path=settings.root / "scripts"))
    return tuple(programs)


def supervisor_config(settings: Settings, programs: Iterable[Program]) -> str:
    """The text of `supervisord.conf`; holds no secret, since programs inherit supervisord's environment."""
    head = [
        "[supervisord]",
        f"directory={_escape(settings.state)}",
        f"logfile={_escape(settings.logs / 'supervisord.log')}",
        "logfile_maxbytes=5MB",
        "logfile_backups=1",
        f"pidfile={_escape(settings.state / 'supervisord.pid')}",
        f"childlogdir={_escape(settings.logs)}",
        *(["user=root"] if os.geteuid() == 0 else []),
        "[unix_http_server]",
        f"file={_escape(settings.supervisor_socket)}",
        "chmod=0700",
        "[rpcinterface:supervisor]",
        "supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface",
    ]
    return "\n".join([*head, *(line for program in programs for line in _program(settings, program)), ""])


def log_file(settings: Settings, name: str) -> Path:
    """Where a program's output goes."""
    return settings.logs / f"{name}.log"


def _program(settings: Settings, program: Program) -> list[str]:
    command = ("nice", "-n", str(program.niceness), *program.command) if program.niceness else program.command
    path = [f'environment=PYTHONPATH="{_escape(program.python_path)}"'] if program.python_path else []
    return [
        f"[program:{program.name}]",
        f"command={_escape(shlex.join(command))}",
        *path,
        "autorestart=true",
        # Ending earlier than this counts as a failed start, and three of those in a row as a failed process.
        "startsecs=10",
        "startretries=3",
        "stopasgroup=true",
        "killasgroup=true",
        f"stopwaitsecs={program.stop_seconds}",
        "redirect_stderr=true",
        f"stdout_logfile={_escape(log_file(settings, program.name))}",
        "stdout_logfile_maxbytes=10MB",
        "stdout_logfile_backups=2",
    ]


def _escape(value: object) -> str:
    """The value as supervisord reads it, which expands `%`."""
    return str(value).replace("%", "%%")
