"""Names pass from one process to another in order, whole, until one of them is gone."""

from __future__ import annotations

import asyncio
import os
import signal
import threading

import pytest
from pao_airflow.signal_channel import SignalChannel

NAMES = [f"github:github.com/example/infra-é/{number}" for number in range(20_000)]


@pytest.mark.timeout(60)
def test_names_arrive_in_order_though_there_are_more_than_fit():
    """The sender waits until they are taken."""
    channel, taken, woken = SignalChannel(), [], []

    async def runner():
        await channel.receive(taken.append, lambda: woken.append(len(taken)))

    sender = threading.Thread(target=lambda: [*map(channel.send, NAMES), channel.keep_receiving()])
    sender.start()
    asyncio.run(runner())
    sender.join()

    assert NAMES == taken
    assert [*range(1, len(NAMES) + 1)] == woken


@pytest.mark.timeout(60)
def test_waking_never_waits():
    """A runner that takes nothing is woken once it does, by what it has not taken."""
    channel, taken, woken = SignalChannel(), [], []
    for _ in range(300_000):
        channel.wake()
    channel.keep_receiving()

    asyncio.run(channel.receive(taken.append, lambda: woken.append(True)))

    assert ([], True) == (taken, len(woken) > 0)


@pytest.mark.timeout(60)
def test_a_runner_that_died_is_noticed():
    """As the supervisor of a runner that was killed: it has nobody left to tell."""
    channel = SignalChannel()
    pid = os.fork()
    if pid == 0:
        channel.keep_receiving()
        signal.pause()
    channel.keep_sending()
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)

    with pytest.raises(BrokenPipeError):
        channel.send("a")
    channel.close()
