"""What an engine is to the measurement: how a run is started, and where it says that runs have ended.

Each peer is a module with one `Peer` for each way of running it that is measured.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from pao_local.errors import StartError

from bench.calls import Account, Caller


class NotInstallableError(StartError):
    """The registry, or this machine, does not give what a peer needs."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Engine:
    """One that runs."""

    account: Account
    """Where runs are submitted."""
    submit: Callable[[Caller, str], None]
    """Submit one run under that name; returns when the engine has said that it took it."""
    ended: str
    """SQL over its own tables: how many runs ended well and how many badly since `%(since)s` (seconds of the epoch),
    and when the last of them did, in the same seconds."""
    database: str
    """Where that is asked: a URL of libpq."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """What a peer is started with."""

    installed: Path
    """The folder that it was installed into."""
    folder: Path
    """For what it writes; removed afterwards."""
    database: Path
    """The folder of PostgreSQL's socket; the user and the database are `postgres`."""
    target: str
    """The URL that takes `/<run>/<step>`."""

    @property
    def logs(self) -> Path:
        """For what its processes print."""
        return self.folder / "logs"


@dataclass(frozen=True, kw_only=True, slots=True)
class Peer:
    """Another engine, in one way of running it."""

    name: str
    version: str
    folder: str
    """Of its installation; ways of running the same one share it."""
    install: Callable[[Path], None]
    """Install the pinned version into an empty folder; raises `NotInstallableError`."""
    running: Callable[[Place], AbstractContextManager[Engine]]
    """Started and ready until the block ends; then nothing of it is left."""
