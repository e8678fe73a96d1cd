"""What both kinds of watching share: a queue for each reader, and one loop that looks while anyone watches."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections import defaultdict
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


class MessageQueue:
    """The messages that wait for one reader."""

    def __init__(self) -> None:
        """Start empty."""
        self._queue: asyncio.Queue[Message] = asyncio.Queue(BACKLOG)
        self._slow = False

    def offer(self, message: Message) -> None:
        """Hand over a message; never waits."""
        try:
            self._queue.put_nowait(message)
        except asyncio.QueueFull:
            self._slow = True

    def forget(self) -> None:
        """Drop what waits: the reader looks for itself."""
        while not self._queue.empty():
            self._queue.get_nowait()
        self._slow = False

    async def next(self) -> Message:
        """The next message, waited for; raises SlowReaderError."""
        if self._slow:
            raise SlowReaderError
        return await self._queue.get()


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
    async def _look(self) -> None:
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
            try:
                await self._look()
            except Exception:
                # The database may be away for a while; watchers go on when it is back.
                log.exception("what is watched was not read")
            await asyncio.sleep(self._interval)
