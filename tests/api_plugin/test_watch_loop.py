"""Nobody waits for a reader: one that falls behind is dropped."""

from __future__ import annotations

import asyncio

import pytest

from api_plugin import watch_loop
from api_plugin.watch_loop import MessageQueue, ReaderLeftError, SlowReaderError


def test_a_reader_that_keeps_up_gets_every_message():
    """In their order."""

    async def read():
        queue = MessageQueue()
        for seq in range(3):
            queue.offer({"seq": seq})
        return [(await queue.next())["seq"] for _ in range(3)]

    assert [0, 1, 2] == asyncio.run(read())


def test_a_reader_that_falls_behind_is_dropped(monkeypatch):
    """At once: what still waits for it would leave a gap before what is lost."""
    monkeypatch.setattr(watch_loop, "BACKLOG", 2)

    async def read():
        queue = MessageQueue()
        for seq in range(3):
            queue.offer({"seq": seq})
        await queue.next()

    with pytest.raises(SlowReaderError):
        asyncio.run(read())


def test_a_reader_that_leaves_is_not_waited_for():
    """Also where it waits for a message just then."""

    async def read():
        queue = MessageQueue()
        waiting = asyncio.create_task(queue.next())
        await asyncio.sleep(0)
        queue.leave()
        await waiting

    with pytest.raises(ReaderLeftError):
        asyncio.run(read())
