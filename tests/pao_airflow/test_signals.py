"""Whoever waits for a name is woken by it, and by nothing else."""

from __future__ import annotations

import asyncio

import pytest
from pao_airflow import signals
from pao_airflow.signals import SignalBoard


def test_all_who_wait_for_a_name_are_woken():
    """Two actions may wait for one thing."""

    async def world():
        board = SignalBoard()
        waiting = [asyncio.create_task(board.wait(name, 30)) for name in ("a", "a", "b")]
        await asyncio.sleep(0)
        told = board.deliver("a"), board.deliver("b")
        return told, await asyncio.gather(*waiting)

    assert ((2, 1), [True, True, True]) == asyncio.run(world())


@pytest.mark.parametrize("seconds", [0, -1, 0.01])
def test_a_wait_ends_when_its_time_is_over(seconds):
    """Signals can be lost; whoever waits looks then."""

    async def world():
        board = SignalBoard()
        board.deliver("other")
        return await board.wait("a", seconds)

    assert asyncio.run(world()) is False


def test_a_wait_that_ended_leaves_nothing_behind():
    """Nobody is told who waits no longer."""

    async def world():
        board = SignalBoard()
        await board.wait("a", 0)
        cancelled = asyncio.create_task(board.wait("a", 60))
        await asyncio.sleep(0)
        cancelled.cancel()
        await asyncio.gather(cancelled, return_exceptions=True)
        return board.deliver("a")

    assert 0 == asyncio.run(world())


def test_news_that_comes_while_its_action_looks_is_not_lost():
    """Between what was true when it looked and the moment it waits; once."""

    async def world():
        board = SignalBoard()
        board.deliver("a")
        board.deliver("a")
        return await board.wait("a", 0), await board.wait("a", 0)

    assert (True, False) == asyncio.run(world())


def test_old_news_is_none(monkeypatch):
    """What is true since then was seen when the action looked."""
    monkeypatch.setattr(signals, "REMEMBERED", -1)

    async def world():
        board = SignalBoard()
        board.deliver("a")
        return await board.wait("a", 0)

    assert asyncio.run(world()) is False


def test_other_peoples_news_takes_little_room(monkeypatch):
    """The oldest is dropped."""
    monkeypatch.setattr(signals, "MANY", 2)

    async def world():
        board = SignalBoard()
        for name in ("a", "b", "a", "c"):
            board.deliver(name)
        return [await board.wait(name, 0) for name in ("a", "b", "c")]

    assert [True, False, True] == asyncio.run(world())
