"""A fetch on its way: a git process beside this one, so that whoever waits for it can do something else meanwhile.

The other side may be slow or silent, and the DAG processor, which asks, also serves every other bundle.
"""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from catalog_compiler.airflow.access import Access, RepositoryError

TIMEOUT = 300.0
"""Seconds that a fetch may take while the other side says something; git ends sooner where it is silent."""
_POLL = 0.02
"""Seconds between looks at a lock that another process holds."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FetchOrder:
    """What to fetch, into which clone. Between `prepare` and `finish` nobody else on this machine writes to it."""

    command: list[str]
    """Git's, without the repository's URL."""
    lock: Path
    """The file by which those who write to the clone take turns."""
    judge: Callable[[str], RepositoryError]
    """Makes the error of what git said where it failed."""
    prepare: Callable[[], None]
    finish: Callable[[], None] = lambda: None
    """Called where git did not fail."""


class Fetch:
    """One fetch; it is started by the first `ended`."""

    def __init__(self, order: FetchOrder, access: Access) -> None:
        """Only note what to do."""
        self._order = order
        self._access = access
        self._deadline = time.monotonic() + TIMEOUT
        self._process: subprocess.Popen[bytes] | None = None
        self._said: IO[bytes] | None = None
        self._open = ExitStack()
        self._failure: RepositoryError | None = None

    def ended(self, *, within: float) -> bool:
        """Whether it has come to an end, waiting for that for so many seconds at most."""
        limit = min(time.monotonic() + within, self._deadline)
        while self._failure is None and self._process is None and not self._start():
            if time.monotonic() >= limit:
                return self._late()
            time.sleep(_POLL)
        if self._process is None:
            return True
        try:
            self._process.wait(timeout=max(limit - time.monotonic(), 0))
        except subprocess.TimeoutExpired:
            return self._late()
        return True

    def result(self) -> None:
        """To be called once it has ended: takes what it brought; raises RepositoryError where it failed."""
        try:
            if self._failure is not None:
                raise self._failure
            assert self._process is not None  # noqa: S101 - it has ended, so it was started
            assert self._said is not None  # noqa: S101
            if self._process.returncode:
                self._said.seek(0)
                raise self._order.judge(self._said.read().decode("utf-8", "replace"))
            self._order.finish()
        finally:
            self._open.close()

    def stop(self) -> None:
        """End it where it is not over, with everything that git has started."""
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._open.close()

    def _late(self) -> bool:
        if time.monotonic() < self._deadline:
            return False
        self.stop()
        self._failure = RepositoryError(f"git did not answer within {TIMEOUT:.0f} s for {self._access.shown}")
        return True

    def _start(self) -> bool:
        """Start it where nobody else writes to the clone; True also where it can't be started at all."""
        if not self._locked():
            return False
        try:
            self._order.prepare()
            environment = self._open.enter_context(self._access.environment())
            self._said = self._open.enter_context(tempfile.TemporaryFile())  # noqa: SIM115
            self._process = subprocess.Popen(  # noqa: S603 - no shell; the URL comes after all options
                [*self._order.command, self._access.url, "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._said,
                env=environment | {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"},
                start_new_session=True,
            )
        except FileNotFoundError:
            self._failure = RepositoryError("git is not installed here; install it")
        except RepositoryError as error:
            self._failure = error
        return True

    def _locked(self) -> bool:
        self._order.lock.parent.mkdir(parents=True, exist_ok=True)
        file = self._order.lock.open("w")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        self._open.callback(_unlock, file)
        return True


def _unlock(file: IO[Any]) -> None:
    # Processes that were forked meanwhile hold the file as well: closing it here would not be enough.
    fcntl.flock(file, fcntl.LOCK_UN)
    file.close()
