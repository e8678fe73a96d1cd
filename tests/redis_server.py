"""A real Redis for tests, on a socket of its own; `scripts/install dev` gets one where it can."""

from __future__ import annotations

import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from redis import Redis

from tests.outside_programs import missing


@dataclass
class RedisServer:
    """One that can be stopped and started again; what it held is gone then."""

    folder: Path
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @classmethod
    @contextmanager
    def started(cls, folder: Path) -> Iterator[RedisServer]:
        """Start one for as long as the context lasts."""
        if shutil.which("redis-server") is None:
            missing("redis-server; install it (Debian: apt install redis-server)")
        server = cls(folder=folder)
        server.start()
        try:
            yield server
        finally:
            server.stop()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"unix://{self.folder / 'redis.sock'}"

    def client(self) -> Redis:
        """Asks it directly."""
        return Redis.from_url(self.url, protocol=2)

    def start(self) -> None:
        """Start it, and return when it answers."""
        command = ["redis-server", "--port", "0", "--unixsocket", str(self.folder / "redis.sock"), "--save", ""]
        self.process = subprocess.Popen(
            [*command, "--loglevel", "notice"], cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if b"ready to accept" in line.lower() or b"server is now ready" in line.lower():
                return
        pytest.fail("redis-server ended")

    def stop(self) -> None:
        """End it."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.communicate()
            self.process = None

    @contextmanager
    def stalled(self) -> Iterator[None]:
        """Let it answer nothing while the block runs."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)
