"""What both kinds of watching share: a queue for each reader, and one loop that looks while anyone watches."""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager, suppress
from typing import Any, Generic, TypeVar

import structlog

log = structlog.get_logger(__name__)

Message = dict[str, Any]
BACKLOG = 1000
"""Messages that may wait for a slow reader before it is dropped."""


class SlowReaderError(Exception):
    """The reader fell behind by more than the backlog; it may come back with `?since=`."""


class ReaderLeftError(Exception):
    """The reader has gone."""


class GoneError(Exception):
    """What the reader watches is there no more: it was deleted, so nothing of it will ever come."""


class MessageQueue:
    """The messages that wait for one reader."""

    def __init__(self) -> None:
        """Start empty."""
        self._waiting: deque[Message] = deque()
        self._woken = asyncio.Event()
        self._taken = asyncio.Event()
        self._over: Exception | None = None

    def __len__(self) -> int:
        """How many messages wait."""
        return len(self._waiting)

    def offer(self, message: Message) -> None:
        """Hand over a message; never waits."""
        if len(self._waiting) < BACKLOG:
            self._waiting.append(message)
        else:
            self._over = self._over or SlowReaderError()
        self._woken.set()

    def leave(self) -> None:
        """Tell whoever waits for a message that the reader has gone."""
        self._over = ReaderLeftError()
        self._woken.set()

    def gone(self) -> None:
        """Tell whoever waits for a message that there will be none."""
        self._over = self._over or GoneError()
        self._woken.set()
        self._taken.set()

    def forget(self) -> None:
        """Drop what waits: the reader looks for itself."""
        self._waiting.clear()
        if self.is_slow:
            self._over = None

    @property
    def is_slow(self) -> bool:
        """Whether the reader is to be dropped."""
        return isinstance(self._over, SlowReaderError)

    async def next(self) -> Message:
        """The next message, waited for.

        Raises:
            SlowReaderError: if one was lost, at once: what still waits would leave a gap before it.
            ReaderLeftError: if the reader has gone.
            GoneError: if what it watches has.
        """
        while self._over is None and not self._waiting:
            self._woken.clear()
            await self._woken.wait()
        if self._over is not None:
            raise self._over
        self._taken.set()
        return self._waiting.popleft()

    async def until_fewer(self, most: int) -> None:
        """Return when fewer wait than that: for who can wait for the reader."""
        while len(self._waiting) >= most:
            self._taken.clear()
            await self._taken.wait()


ThingT = TypeVar("ThingT", bound=Hashable)
WatcherT = TypeVar("WatcherT", bound=MessageQueue)


class WatchLoop(ABC, Generic[ThingT, WatcherT]):
    """Looks every so often at everything that is watched, together."""

    def __init__(self, interval: float) -> None:
        """Look every `interval` seconds while anyone watches."""
        self._interval = interval
        self._watchers: defaultdict[ThingT, set[WatcherT]] = defaultdict(set)
        self._wake = asyncio.Event()

    @abstractmethod
    async def look(self) -> None:
        """Look once, and offer what is new."""

    @asynccontextmanager
    async def _watching(self, thing: ThingT, watcher: WatcherT) -> AsyncIterator[None]:
        """Have the thing looked at for the watcher while the block runs."""
        self._watchers[thing].add(watcher)
        self._wake.set()
        try:
            yield
        finally:
            self._watchers[thing].discard(watcher)
            if not self._watchers[thing]:
                del self._watchers[thing]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run the loop while the API process serves."""
        task = asyncio.create_task(self._run())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _run(self) -> None:
        while True:
            if not self._watchers:
                self._wake.clear()
                await self._wake.wait()
            begun = time.monotonic()
            try:
                await self.look()
            except Exception:
                # The database may be away for a while; watchers go on when it is back.
                log.exception("what is watched was not read")
            # However many watch, some of the time is left to everybody else.
            await asyncio.sleep(max(self._interval, (time.monotonic() - begun) / 4))
