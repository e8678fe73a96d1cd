"""Tells a request's log to whoever watches it by a WebSocket, as messages among those of its changes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict

from api_plugin.clock import utc_text
from api_plugin.request_logs.entry import Places
from api_plugin.request_logs.following import LogReader, Told
from api_plugin.request_logs.paging import places_cursor
from api_plugin.watch_loop import Message
from api_plugin.watching import Watcher, Watchtower

WAITING_AT_MOST = 100
"""Messages that wait for the watcher before the log does: it is read as fast as it is taken."""


@asynccontextmanager
async def telling(
    reader: LogReader, places: Places, tower: Watchtower, watcher: Watcher
) -> AsyncIterator[asyncio.Task[None]]:
    """Tell the log while the block runs; the task ends with the request."""
    task = asyncio.create_task(_tell(reader, places, tower, watcher))
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await task


async def _tell(reader: LogReader, places: Places, tower: Watchtower, watcher: Watcher) -> None:
    log = await reader.open()
    async for told in reader.follow(log, places, tower):
        await watcher.until_fewer(WAITING_AT_MOST)
        if told is not None:
            watcher.offer(_message(told, watcher))


def _message(told: Told, watcher: Watcher) -> Message:
    """An entry with the number of the last event: it has none of its own, and `since` does not bring it again."""
    entry = {**asdict(told.entry), "at": utc_text(told.entry.at)}
    return {
        **entry,
        "type": "log",
        "seq": watcher.seq,
        "request_id": str(watcher.request_id),
        "cursor": places_cursor(told.places),
    }
