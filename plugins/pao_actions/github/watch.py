"""Follows a run to its end: by polling that costs GitHub nothing while nothing changes, and at once by its webhook."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from catalog_compiler.signal_names import github_run
from pao_actions.exceptions import PermanentError, TemporaryError
from pao_actions.github.answers import document
from pao_actions.github.api import GitHub
from pao_actions.github.runs import Run
from pao_actions.github.shared import Account, shared

_FIRST_PAUSE, _LONGEST_PAUSE, _GROWTH = 2.0, 60.0, 1.5
_LISTED_AT_ONCE = timedelta(seconds=60)
"""So long a run that was just started may not be found yet."""
_MOST_FAILURES = 10
"""Polls that may fail in a row; with the pauses between them some minutes."""
_OK, _NOT_MODIFIED, _NOT_FOUND = 200, 304, 404


@dataclass(kw_only=True, slots=True)
class Watch:
    """One action's wait for one run."""

    github: GitHub
    run_id: int
    url: str
    begun_at: datetime
    _etag: str | None = field(default=None, init=False)
    _seen: Run | None = field(default=None, init=False)
    _failures: int = field(default=0, init=False)

    async def end(self, seconds: float | None) -> Run | None:
        """The run when it has ended; None where it has not within so many seconds from its dispatch.

        A person's re-run of it is followed, as long as it begins before the end of the one before was seen.

        Raises:
            TemporaryError: if GitHub can't be asked for some minutes.
            PermanentError: if the run is gone, or may not be seen.
        """
        clock = self.github.context.clock
        deadline = None if seconds is None else self.begun_at + timedelta(seconds=seconds)
        await self.github.context.progress.waiting(url=self.url)
        with _place(self.github.account) as account:
            pause = _FIRST_PAUSE
            while True:
                run = await self._poll()
                if run is not None and run.ended:
                    return run
                left = None if deadline is None else (deadline - clock.now()).total_seconds()
                if left is not None and left <= 0:
                    return None
                wanted = max(pause, shared().turn(account)) * (0.75 + clock.random() / 4)
                news = await self.github.context.signals.wait(
                    signal_name(self.url, self.run_id), wanted if left is None else min(wanted, left)
                )
                # What a signal told of may be a moment away still.
                pause = _FIRST_PAUSE if news else min(pause * _GROWTH, _LONGEST_PAUSE)

    async def _poll(self) -> Run | None:
        """The run as it is now; None where that can't be told yet."""
        try:
            answer = await self.github.call("GET", f"/actions/runs/{self.run_id}", etag=self._etag)
        except TemporaryError as error:
            return self._later(error)
        if answer.status == _NOT_MODIFIED:
            self._failures = 0
            return self._seen
        if answer.status == _OK:
            self._failures = 0
            self._etag = answer.headers.get("ETag")
            return self._now(document(answer, Run, "a run"))
        if answer.status == _NOT_FOUND and self._seen is None and self._young():
            return None
        if answer.status == _NOT_FOUND:
            raise PermanentError(
                f"the run {self.url} is gone, or connection '{self.github.connection.id}' may not see it any more"
            )
        refused = self.github.refusal(answer, f"the run {self.url} could not be looked at")
        if isinstance(refused, TemporaryError):
            return self._later(refused)
        raise refused

    def _young(self) -> bool:
        return self.github.context.clock.now() < self.begun_at + _LISTED_AT_ONCE

    def _later(self, error: TemporaryError) -> Run | None:
        """A poll may fail: the run goes on all the same."""
        self._failures += 1
        if self._failures >= _MOST_FAILURES:
            raise TemporaryError(str(error), arrived=True, retry_after=error.retry_after) from error
        self.github.context.log.warning("poll_failed", error=str(error))
        return self._seen

    def _now(self, run: Run) -> Run:
        before = self._seen
        if before is None or (before.status, before.run_attempt) != (run.status, run.run_attempt):
            self.github.context.log.info("run_status", status=run.status, run_attempt=run.run_attempt, url=self.url)
        self._seen = run
        return run


def signal_name(run_url: str, run_id: int) -> str:
    """The signal that tells of news of a run: by the host and the repository of its link, as webhooks name them."""
    parts = urlsplit(run_url)
    return github_run(parts.hostname or "", "/".join(parts.path.split("/")[1:3]), run_id)


@contextmanager
def _place(account: Account) -> Iterator[Account]:
    shared().waiting[account] += 1
    try:
        yield account
    finally:
        shared().waiting[account] -= 1
