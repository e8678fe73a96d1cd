"""An attempt's time stands still while it waits for a turn."""

from __future__ import annotations

import asyncio

import pytest
from pao_actions.attempt_limit import attempt_limit, uncounted

LONG = 3600


def due_in(limit):
    """Seconds until a limit ends, rounded."""
    return None if limit.when() is None else round(limit.when() - asyncio.get_running_loop().time())


def test_time_stands_still_while_it_is_not_counted():
    """Also where several parts of the attempt wait, until the last of them goes on."""

    async def attempt():
        async with attempt_limit(LONG) as limit:
            seen = [due_in(limit)]
            with uncounted():
                seen.append(due_in(limit))
                with uncounted():
                    seen.append(due_in(limit))
                seen.append(due_in(limit))
            seen.append(due_in(limit))
        return seen

    assert [LONG, None, None, None, LONG] == asyncio.run(attempt())


def test_a_task_below_the_attempt_stops_its_time_too():
    """Whoever waits may be any depth below it."""

    async def attempt():
        async with attempt_limit(LONG) as limit:

            async def call():
                with uncounted():
                    return due_in(limit)

            return await asyncio.create_task(call()), due_in(limit)

    assert (None, LONG) == asyncio.run(attempt())


def test_time_that_is_over_ends_the_attempt():
    """And whoever is cancelled for it can tell that from a stop by a person."""
    expired = []

    async def attempt():
        async with attempt_limit(0.001) as limit:
            try:
                await asyncio.Event().wait()
            finally:
                expired.append(limit.expired())

    with pytest.raises(TimeoutError):
        asyncio.run(attempt())

    assert [True] == expired


@pytest.mark.parametrize("seconds", [None, LONG])
def test_without_a_limit_nothing_is_counted(seconds):
    """Nor outside an attempt, nor after it."""

    async def attempt():
        with uncounted():
            seen = ["outside"]
        async with attempt_limit(seconds):
            with uncounted():
                seen.append("inside")
        with uncounted():
            return [*seen, "after"]

    assert ["outside", "inside", "after"] == asyncio.run(attempt())


def test_who_was_left_behind_harms_nobody():
    """A task that waits for longer than its attempt lasts."""

    async def attempt():
        go_on = asyncio.Event()

        async def waiter():
            with uncounted():
                await go_on.wait()

        async with attempt_limit(LONG):
            task = asyncio.create_task(waiter())
            await asyncio.sleep(0)
        go_on.set()
        await task

    asyncio.run(attempt())
