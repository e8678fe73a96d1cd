"""A signal wakes whoever waits for its name, and nobody else."""

from __future__ import annotations

import asyncio

import pytest
from pao_airflow.signals import SignalBoard


def test_it_wakes_all_who_wait_for_the_name():
    """The others wait on, and the board says how many there were."""

    async def scene():
        board = SignalBoard()
        waits = [asyncio.create_task(board.wait(name, 60)) for name in ("jira:a:OPS-1", "jira:a:OPS-1", "other")]
        await asyncio.sleep(0)
        count = board.deliver("jira:a:OPS-1")
        woken = [await waits[0], await waits[1], waits[2].done()]
        waits[2].cancel()
        return count, woken

    assert (2, [True, True, False]) == asyncio.run(scene())


@pytest.mark.parametrize("seconds", [0, -1, 0.01])
def test_a_wait_ends_when_its_time_is_over(seconds):
    """Signals can be lost; whoever waits looks then."""
    assert asyncio.run(SignalBoard().wait("name", seconds)) is False


def test_nobody_waiting_is_nothing_to_keep():
    """A signal is not stored, and a wait that ended leaves nothing behind."""

    async def scene():
        board = SignalBoard()
        first = board.deliver("name")
        await board.wait("name", 0)
        cancelled = asyncio.create_task(board.wait("name", 60))
        await asyncio.sleep(0)
        cancelled.cancel()
        await asyncio.gather(cancelled, return_exceptions=True)
        return first, board.deliver("name"), await board.wait("name", 0)

    assert (0, 0, False) == asyncio.run(scene())
