"""The time that one attempt may take. Waiting for a turn at the gate is not the attempt's fault, so it does not count.

The limit is found by the context of the running task, since whoever waits may be any depth below the attempt.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from contextvars import ContextVar


@asynccontextmanager
async def attempt_limit(seconds: float | None) -> AsyncIterator[asyncio.Timeout]:
    """Limit what is done inside, as `asyncio.timeout` does; None for no limit."""
    async with asyncio.timeout(seconds) as timeout:
        token = _current.set(_Limit(timeout))
        try:
            yield timeout
        finally:
            _current.reset(token)


@contextmanager
def uncounted() -> Iterator[None]:
    """Stop the running attempt's time for what is done inside."""
    limit = _current.get()
    if limit is None:
        yield
        return
    limit.pause()
    try:
        yield
    finally:
        limit.go_on()


class _Limit:
    """A time-out that can be stopped, by several at once."""

    def __init__(self, timeout: asyncio.Timeout) -> None:
        self.timeout = timeout
        self._pauses = 0
        self._rest: float | None = None

    def pause(self) -> None:
        self._pauses += 1
        due = self.timeout.when()
        if self._pauses == 1 and due is not None and not self.timeout.expired():
            self._rest = due - asyncio.get_running_loop().time()
            self.timeout.reschedule(None)

    def go_on(self) -> None:
        self._pauses -= 1
        if self._pauses == 0 and self._rest is not None:
            rest, self._rest = self._rest, None
            # A task that was left behind may wait for longer than its attempt lasts.
            with suppress(RuntimeError):
                self.timeout.reschedule(asyncio.get_running_loop().time() + rest)


_current: ContextVar[_Limit | None] = ContextVar("attempt_limit", default=None)
