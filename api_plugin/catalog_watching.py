"""Watches catalogs for WebSockets: one loop a process looks at all watched catalogs together, however many watch."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from airflow.utils.session import create_session
from typing_extensions import override

from api_plugin.catalog_messages import CatalogMessage, is_forgotten, messages_after, snapshot
from api_plugin.principals import Principal
from api_plugin.watch_loop import Message, MessageQueue, WatchLoop


class CatalogWatcher(MessageQueue):
    """One reader of one catalog's messages."""

    def __init__(self, catalog: str, caller: Principal) -> None:
        """Follow the catalog as the caller sees it."""
        super().__init__()
        self.catalog = catalog
        self.seq = 0
        """Of the last message that it has got, or knows not to get."""
        self._caller = caller

    def tell(self, told: CatalogMessage) -> None:
        """Hand over what the caller may see of a message; never waits."""
        if (message := told.shown_to(self._caller)) is not None:
            self.offer(message)

    def catch_up(self, told: list[CatalogMessage]) -> list[Message]:
        """What the caller may see of messages that it has read itself; they do not come again."""
        self.seq = max([self.seq, *(each.seq for each in told)])
        return [message for each in told if (message := each.shown_to(self._caller)) is not None]

    @override
    async def next(self) -> Message:
        while True:
            message = await super().next()
            if message["seq"] > self.seq:
                self.seq = message["seq"]
                return message


class CatalogTower(WatchLoop[str, CatalogWatcher]):
    """The loop with its watchers."""

    def __init__(self, interval: float) -> None:
        """Look every `interval` seconds while anyone watches."""
        super().__init__(interval)
        self._seen: dict[str, int] = {}
        """Up to where the loop has told each watched catalog's messages."""

    @asynccontextmanager
    async def watch(self, watcher: CatalogWatcher, *, seen: int) -> AsyncIterator[None]:
        """Tell the watcher what happens from now on; `seen` is at most the newest message that there is now.

        What happened before, it reads itself, after it has come: so nothing falls in between.
        """
        self._seen.setdefault(watcher.catalog, seen)
        try:
            async with self._watching(watcher.catalog, watcher):
                yield
        finally:
            if watcher.catalog not in self._watchers:
                del self._seen[watcher.catalog]

    @override
    async def look(self) -> None:
        for told in await asyncio.to_thread(read_messages, dict(self._seen)):
            if told.catalog in self._seen:
                self._seen[told.catalog] = max(told.seq, self._seen[told.catalog])
            for watcher in self._watchers.get(told.catalog, set()).copy():
                watcher.tell(told)


def read_messages(after: dict[str, int]) -> list[CatalogMessage]:
    """What these catalogs did after these sequence numbers."""
    with create_session(scoped=False) as session:
        return messages_after(session, after)


def read_snapshot(catalog: str) -> Message | None:
    """Where a catalog stands; None where no such catalog is followed."""
    with create_session(scoped=False) as session:
        return snapshot(session, catalog)


def can_go_on(catalog: str, seq: int) -> bool:
    """Whether all messages after this number are there; where some were deleted, a reader begins anew."""
    with create_session(scoped=False) as session:
        return not is_forgotten(session, catalog, seq)
