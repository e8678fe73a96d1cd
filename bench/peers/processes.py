"""The processes of a peer: started with a log each, waited for, and ended with everything that they started.

Peers start processes of their own, some in sessions of their own; all inherit a mark in their environment, by which
they are found.
"""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import psutil
from pao_local.errors import StartError
from pao_local.signals import uninterrupted

Command = list[str | Path]
"""A program and its arguments."""
MARK = "PAO_BENCH_PEER"
"""The variable; its value is the folder of the measurement."""
READY_TIMEOUT = 180.0
STOP_TIMEOUT = 10.0
LOOK_EVERY = 0.1
LAST_WORDS = 1500
"""Characters of a log that an error shows."""


@dataclass
class Processes:
    """Those of one peer."""

    logs: Path
    _started: list[tuple[str, subprocess.Popen[bytes]]] = field(default_factory=list)

    def run(self, name: str, command: Command, environment: Mapping[str, str]) -> None:
        """Run a command to its end; raises `StartError` with its last words where it fails."""
        self.start(name, command, environment)
        if self._started.pop()[1].wait():
            raise StartError(f"{name} failed; it said:\n\n{self._words(name)}\n")

    def start(self, name: str, command: Command, environment: Mapping[str, str]) -> None:
        """Start one that goes on."""
        marked = {**clean_environment(), **environment, MARK: str(self.logs)}
        with (self.logs / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                list(map(str, command)),
                env=marked,
                cwd=self.logs,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._started.append((name, process))

    def wait_for_port(self, port: int, path: str = "/") -> None:
        """Wait until `GET` of that path on that port is answered well; raises `StartError`."""
        self.wait_until(f"port {port}", lambda: _answers(port, path))

    def wait_for_words(self, name: str, words: str) -> None:
        """Wait until the log of that process has those words; raises `StartError`."""
        log = self.logs / f"{name}.log"
        self.wait_until(f"'{words}' of {name}", lambda: words in log.read_text(errors="replace"))

    def wait_until(self, what: str, ready: Callable[[], bool]) -> None:
        """Wait for something that the started processes bring about; raises `StartError`."""
        deadline = time.monotonic() + READY_TIMEOUT
        while not ready():
            for name, process in self._started:
                if process.poll() is not None:
                    raise StartError(f"{name} ended; it said:\n\n{self._words(name)}\n")
            if time.monotonic() > deadline:
                name = self._started[-1][0]
                raise StartError(f"waited {READY_TIMEOUT:.0f} s for {what}; {name} said:\n\n{self._words(name)}\n")
            time.sleep(LOOK_EVERY)

    def stop(self) -> None:
        """End all of them, the last one first, and what they left behind."""
        for _, process in reversed(self._started):
            process.terminate()
        for _, process in self._started:
            with suppress(subprocess.TimeoutExpired):
                process.wait(STOP_TIMEOUT)
        left = list(marked_processes(str(self.logs)))
        for one in left:
            with suppress(psutil.NoSuchProcess):
                one.kill()
        psutil.wait_procs(left, timeout=STOP_TIMEOUT)
        for _, started in self._started:
            started.wait(STOP_TIMEOUT)

    def _words(self, name: str) -> str:
        return (self.logs / f"{name}.log").read_text(errors="replace")[-LAST_WORDS:].strip()


@contextmanager
def processes(logs: Path) -> Iterator[Processes]:
    """Those that the block starts; ended with it, whatever happens."""
    logs.mkdir(parents=True, exist_ok=True)
    started = Processes(logs=logs)
    try:
        yield started
    finally:
        with uninterrupted():
            started.stop()


def marked_processes(mark: str) -> Iterator[psutil.Process]:
    """Those that carry that mark and still run."""
    for process in psutil.process_iter():
        try:
            marked = process.environ().get(MARK) == mark and process.status() != psutil.STATUS_ZOMBIE
        except (psutil.Error, OSError):
            continue
        if marked:
            yield process


def clean_environment() -> dict[str, str]:
    """What every command needs of our environment; no setting of ours reaches a peer."""
    kept = ("PATH", "HOME", "USER", "LANG", "TMPDIR", "SSL_CERT_FILE", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
    indexes = ("PIP_", "UV_", "NPM_CONFIG_", "npm_config_")
    return {name: value for name, value in os.environ.items() if name in kept or name.startswith(indexes)}


def free_port() -> int:
    """One of the loopback address that nothing listens on just now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _answers(port: int, path: str) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status < 400  # noqa: PLR2004  # the first status that is an error
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
