"""A name is looked up once for all that ask for it at that moment, and anew after a while."""

from __future__ import annotations

import asyncio

import pytest
from pao_airflow.shared_lookups import SharedLookups


class Backend:
    """A secrets backend that answers when it is told to."""

    def __init__(self):
        self.asked = []
        self.open = asyncio.Event()
        self.open.set()

    async def look_up(self, name):
        self.asked.append(name)
        await self.open.wait()
        if name == "missing":
            raise LookupError("there is no 'missing'")
        return f"{name} {len(self.asked)}"


def test_many_that_ask_at_once_share_one_look_up():
    """And each name has its own."""

    async def story():
        backend = Backend()
        lookups = SharedLookups(backend.look_up)
        values = await asyncio.gather(*(lookups.get(name) for name in ["token", "url"] * 500))
        return len(set(values)), backend.asked

    assert (2, ["token", "url"]) == asyncio.run(story())


def test_a_value_is_asked_for_anew_after_a_while():
    """So that a rotated secret is used."""

    async def story():
        backend = Backend()
        lookups = SharedLookups(backend.look_up, seconds=0)
        first = await lookups.get("token")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return first, await lookups.get("token")

    assert ("token 1", "token 2") == asyncio.run(story())


def test_a_failure_is_told_to_all_and_not_remembered():
    """What is missing may be there at the next try."""

    async def story():
        backend = Backend()
        lookups = SharedLookups(backend.look_up, seconds=3600)
        told = await asyncio.gather(lookups.get("missing"), lookups.get("missing"), return_exceptions=True)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        with pytest.raises(LookupError):
            await lookups.get("missing")
        return [str(error) for error in told], len(backend.asked)

    assert (["there is no 'missing'"] * 2, 2) == asyncio.run(story())


def test_one_that_is_cancelled_takes_nobody_with_it():
    """The first to ask may be the first to be cancelled."""

    async def story():
        backend = Backend()
        backend.open.clear()
        lookups = SharedLookups(backend.look_up)
        first = asyncio.ensure_future(lookups.get("token"))
        second = asyncio.ensure_future(lookups.get("token"))
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.sleep(0)
        backend.open.set()
        return await second, first.cancelled()

    assert ("token 1", True) == asyncio.run(story())
