"""Follows a request's log while it grows.

A follower holds no thread and asks the database nothing while nothing happens: that something did, it learns from the
loop that watches requests for WebSockets; in between it looks whether the files that it knows have grown.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass

from anyio import CapacityLimiter, to_thread

from api_plugin.clock import utc_now
from api_plugin.exceptions import ApiProblem
from api_plugin.principals import Principal
from api_plugin.request_logs.entry import Entry, Places
from api_plugin.request_logs.opened import OpenedLog, open_log
from api_plugin.request_logs.paging import Page, read_page
from api_plugin.request_logs.readers import Wanted
from api_plugin.watch_loop import GoneError, SlowReaderError
from api_plugin.watching import Watcher, Watchtower

CHUNK = 200
"""Entries that are read together."""
LOOK_SECONDS = 0.5
"""Between two looks at the files."""
FETCH_SECONDS = 5.0
"""Between two looks at logs that other machines keep: each is fetched from its start."""
QUIET_SECONDS = 15.0
"""After so long without an entry, a sign of life follows: proxies close what seems dead."""
LAST_SECONDS = 1.0
"""So long after a request's end what its last task wrote may still arrive."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """An entry, with where the reader stands after it."""

    entry: Entry
    places: Places


@dataclass(frozen=True, kw_only=True, slots=True)
class LogReader:
    """One reader of one request's log."""

    caller: Principal
    request_id: str
    wanted: Wanted
    threads: CapacityLimiter
    """Reading takes a thread for a moment; so many read at once."""
    events: bool = True
    """Whether PAO's own events are a part of it."""

    async def open(self) -> OpenedLog:
        """The log as it is now; raises a 404 problem."""
        return await to_thread.run_sync(open_log, self.caller, self.request_id, limiter=self.threads)

    async def page(self, log: OpenedLog, places: Places, limit: int = CHUNK, *, fetching: bool = True) -> Page:
        """The next entries."""

        def read() -> Page:
            wanted = self.wanted.masking(log.secrets)
            return read_page(log.sources(places, fetching=fetching, events=self.events), places, wanted, limit)

        return await to_thread.run_sync(read, limiter=self.threads)

    async def rest(self, log: OpenedLog, places: Places) -> AsyncIterator[Told]:
        """Everything that there is."""
        more = True
        while more:
            page = await self.page(log, places)
            for entry, after in zip(page.entries, page.steps, strict=True):
                yield Told(entry=entry, places=after)
            places, more = page.places, page.more

    async def follow(self, log: OpenedLog, places: Places, tower: Watchtower) -> AsyncIterator[Told | None]:
        """Everything that there is and comes, until the request ends; None for a sign of life.

        Where the request is deleted meanwhile, the last entry says so.
        """
        try:
            async with aclosing(self._follow(log, places, tower)) as following:
                async for told in following:
                    places = places if told is None else told.places
                    yield told
        except GoneError:
            yield Told(entry=_deleted(), places=places)

    async def _follow(self, log: OpenedLog, places: Places, tower: Watchtower) -> AsyncGenerator[Told | None, None]:
        """Raises GoneError where the request is deleted."""
        since = log.events[-1].seq if log.events else 0
        async with tower.watch(log.request_id, since) as watcher:
            quiet_since = fetched_at = time.monotonic()
            fetching, last_look = True, log.ended
            while True:
                page = await self.page(log, places, fetching=fetching)
                for entry, after in zip(page.entries, page.steps, strict=True):
                    yield Told(entry=entry, places=after)
                places, now = page.places, time.monotonic()
                if page.entries:
                    quiet_since = now
                if page.more:
                    continue
                if last_look:
                    return
                if now - quiet_since >= QUIET_SECONDS:
                    yield None
                    quiet_since = now
                if log.ended:
                    await asyncio.sleep(LAST_SECONDS)
                    log, last_look, fetching = await self._open_again(), True, True
                    continue
                if await _anything(watcher):
                    log = await self._open_again()
                fetching = time.monotonic() - fetched_at >= FETCH_SECONDS
                fetched_at = time.monotonic() if fetching else fetched_at

    async def _open_again(self) -> OpenedLog:
        try:
            return await self.open()
        except ApiProblem:
            raise GoneError from None


def _deleted() -> Entry:
    return Entry(
        at=utc_now(),
        level="warning",
        source="request",
        event="request_deleted",
        message="the request was deleted, and its log with it; nothing more comes",
    )


async def _anything(watcher: Watcher) -> bool:
    """Whether something happened to the request meanwhile."""
    try:
        await asyncio.wait_for(watcher.next(), LOOK_SECONDS)
        watcher.forget()
    except TimeoutError:
        return False
    except SlowReaderError:
        watcher.forget()
    return True
