"""supervisord: started, asked and stopped over its Unix socket.

A process is only ever signalled when it carries this stack's mark in its environment, never by its name.
"""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from xmlrpc.client import Error as RpcError
from xmlrpc.client import ServerProxy

import psutil
from supervisor.xmlrpc import SupervisorTransport  # type: ignore[import-untyped]

from pao_local.environment import STACK_MARK
from pao_local.errors import StartError
from pao_local.programs import Program, supervisor_config
from pao_local.settings import Settings

START_TIMEOUT = 15.0
STOP_TIMEOUT = 40.0
KILL_TIMEOUT = 5.0


@dataclass(frozen=True, kw_only=True, slots=True)
class ProcessState:
    """What supervisord says of a program: `RUNNING`, `STARTING`, `BACKOFF`, `FATAL`, ..."""

    name: str
    state: str
    pid: int | None


class Supervisor:
    """The supervisord of one stack."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._socket = settings.supervisor_socket
        self._config = settings.state / "supervisord.conf"

    def start(self, programs: Iterable[Program], environment: Mapping[str, str]) -> None:
        """Start supervisord and, under it, the programs; they need not be up yet when this returns."""
        self._socket.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._socket.unlink(missing_ok=True)
        self._config.write_text(supervisor_config(self._settings, programs), encoding="utf-8")
        # It goes to the background by itself, in a session of its own: a Ctrl-C in the terminal is for the command that
        # waits, which then stops everything in order.
        done = subprocess.run(
            [sys.executable, "-m", "supervisor.supervisord", "-c", self._config],
            env={**environment, STACK_MARK: str(self._settings.state), "SPT_NOENV": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=START_TIMEOUT,
            check=False,
        )
        deadline = time.monotonic() + START_TIMEOUT
        while not self.running():
            if done.returncode or time.monotonic() > deadline:
                raise StartError(f"supervisord did not start; it said:\n\n{(done.stderr or done.stdout).strip()}\n")
            time.sleep(0.05)

    def running(self) -> bool:
        """Whether supervisord answers."""
        return self._ask("getState") is not None

    def states(self) -> tuple[ProcessState, ...]:
        """What each program does; none where supervisord does not run."""
        found = self._ask("getAllProcessInfo") or ()
        return tuple(
            ProcessState(name=each["name"], state=each["statename"], pid=each["pid"] or None) for each in found
        )

    def start_program(self, name: str) -> None:
        """Start one that was stopped; it need not be up yet when this returns."""
        self._ask("startProcess", name, False)

    def stop_program(self, name: str) -> None:
        """Stop one, and let it be until it is started again."""
        self._ask("stopProcess", name)

    def stop(self) -> None:
        """Stop all programs and supervisord, and what an earlier one that died left behind."""
        if self._ask("shutdown"):
            self._wait_for_end()
        _end(list(self._left_over()))
        self._socket.unlink(missing_ok=True)

    def _wait_for_end(self) -> None:
        deadline = time.monotonic() + STOP_TIMEOUT
        while any(self._left_over()) and time.monotonic() < deadline:
            time.sleep(0.1)

    def _left_over(self) -> Iterator[psutil.Process]:
        """The processes that carry the mark of this stack.

        Airflow sets process titles, which would overwrite the mark but for `SPT_NOENV`.
        """
        for process in psutil.process_iter():
            try:
                marked = process.environ().get(STACK_MARK) == str(self._settings.state)
            except (psutil.Error, OSError):
                continue
            if marked and process.pid != os.getpid() and process.status() != psutil.STATUS_ZOMBIE:
                yield process

    def _ask(self, method: str, *arguments: str | bool) -> Any:
        """What supervisord answers; None where it does not run, or refuses."""
        transport = SupervisorTransport(None, None, f"unix://{self._socket}")
        # The URL is not used, but the class wants one.
        proxy = ServerProxy("http://127.0.0.1", transport=transport)
        try:
            return getattr(proxy.supervisor, method)(*arguments)
        except (OSError, http.client.HTTPException, RpcError):
            return None
        finally:
            transport.close()


def _end(processes: list[psutil.Process]) -> None:
    for process in processes:
        _signal(process, "terminate")
    _, alive = psutil.wait_procs(processes, timeout=KILL_TIMEOUT)
    for process in alive:
        _signal(process, "kill")


def _signal(process: psutil.Process, method: str) -> None:
    with suppress(psutil.NoSuchProcess):
        getattr(process, method)()
