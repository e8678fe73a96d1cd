"""The folders in which Terraform runs: what runs share, one for each run, and locks between processes.

A lock is the system's own on an open file, so it ends with the process that holds it, however that ends.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from pao_actions.terraform.guardian import clear_away

_LOOK_AGAIN = 0.05
"""Seconds between two looks at a lock that another process holds; real ones, whatever an action's clock says."""

_ROOT_NOTE = "root"


@dataclass(frozen=True, kw_only=True, slots=True)
class SharedFolder:
    """What all runs of a worker share."""

    path: Path

    @classmethod
    def of(cls, option: str | None) -> SharedFolder:
        """The folder that the deployment names, or `~/.cache/pao-terraform`."""
        path = Path(option).expanduser() if option else Path.home() / ".cache" / "pao-terraform"
        return cls(path=path.absolute())

    @property
    def repositories(self) -> Path:
        """Bare clones."""
        return self._made("git")

    @property
    def plugins(self) -> Path:
        """Terraform's plugin cache."""
        return self._made("plugins")

    @property
    def runs(self) -> Path:
        """A folder for each run, and its lock."""
        return self._made("runs")

    def kept_state(self, name: str) -> Path:
        """Where a state is kept that Terraform could not store."""
        return self._made("kept") / f"{name}.tfstate"

    def _made(self, name: str) -> Path:
        folder = self.path / name
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder


@asynccontextmanager
async def locked(path: Path) -> AsyncIterator[None]:
    """Hold a lock that only one process of this machine, and one task of it, has at a time; waits for it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        while not _taken(descriptor):  # noqa: ASYNC110 - other processes set no event
            await asyncio.sleep(_LOOK_AGAIN)
        yield
    finally:
        os.close(descriptor)


@dataclass(frozen=True, kw_only=True, slots=True)
class RunFolder:
    """One run's own folder; `lock` is an open file whose lock says that the run goes on."""

    path: Path
    keep: Path
    """Where its state is kept, should Terraform be unable to store it."""
    lock: int

    @property
    def repository(self) -> Path:
        """The checkout."""
        return self.path / "repository"

    @property
    def data(self) -> Path:
        """Terraform's own: `TF_DATA_DIR`."""
        return self.path / "data"

    @property
    def plan(self) -> Path:
        """The plan that is applied."""
        return self.path / "plan"

    @property
    def variables(self) -> Path:
        """The input variables."""
        return self.path / "pao.auto.tfvars.json"

    def note_root(self, root: Path) -> None:
        """Let whoever clears the folder away know where Terraform runs in it."""
        (self.path / _ROOT_NOTE).write_text(str(root), encoding="utf-8")

    def made(self, name: str) -> Path:
        """A folder in it, made."""
        folder = self.path / name
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder


@asynccontextmanager
async def run_folder(shared: SharedFolder, state_name: str) -> AsyncIterator[RunFolder]:
    """A folder for one run, gone with it. What dead runs of this machine left is cleared away first."""
    async with locked(shared.runs.with_name("runs.lock")):
        _sweep(shared)
        path = shared.runs / f"{secrets.token_hex(8)}.{state_name}"
        lock = os.open(path.with_name(f"{path.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX)
        path.mkdir(mode=0o700)
    folder = RunFolder(path=path, keep=shared.kept_state(state_name), lock=lock)
    try:
        yield folder
    finally:
        _remove(folder.path, folder.keep)
        os.close(lock)


def _sweep(shared: SharedFolder) -> None:
    """Remove the folders whose runs are dead: nobody holds their lock, neither a run nor its guardian."""
    for lock_file in shared.runs.glob("*.lock"):
        descriptor = os.open(lock_file, os.O_RDWR | os.O_CLOEXEC)
        try:
            if _taken(descriptor):
                folder = lock_file.with_suffix("")
                _remove(folder, shared.kept_state(folder.name.partition(".")[2]))
        finally:
            os.close(descriptor)


def _remove(folder: Path, keep: Path) -> None:
    """Clear the folder away; a state that Terraform could not store lies in the root."""
    note = folder / _ROOT_NOTE
    clear_away(Path(note.read_text(encoding="utf-8")) if note.is_file() else folder, folder, keep)


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
