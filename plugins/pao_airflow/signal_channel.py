"""Brings signals from the triggerer's supervisor to its runner, the process that actions run in.

A pair of sockets of its own, made before the runner is forked: Airflow's protocol between the two is not touched. One
name a line; an empty line only wakes the runner, because the supervisor has something for it.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable
from contextlib import suppress


class SignalChannel:
    """Both ends; each process closes the one that is the other's."""

    def __init__(self) -> None:
        """Make the pair, in the process that will fork."""
        self._sending, self._receiving = socket.socketpair()
        self._turn = threading.Lock()

    def keep_sending(self) -> None:
        """Be the supervisor's."""
        self._receiving.close()

    def keep_receiving(self) -> None:
        """Be the runner's."""
        self._sending.close()

    def send(self, name: str) -> None:
        """Send a name; waits while the runner takes none. Raises `OSError` where the runner is gone."""
        with self._turn:
            self._sending.sendall(f"{name}\n".encode())

    def wake(self) -> None:
        """Wake the runner, and never wait for it: where it takes nothing, it has not yet taken what wakes it."""
        if self._turn.acquire(blocking=False):
            try:
                with suppress(OSError):
                    self._sending.send(b"\n", socket.MSG_DONTWAIT)
            finally:
                self._turn.release()

    async def receive(self, deliver: Callable[[str], object], woken: Callable[[], object]) -> None:
        """Deliver each name on this event loop, until the supervisor is gone; whatever arrives, `woken` is called."""
        reader, writer = await asyncio.open_connection(sock=self._receiving)
        try:
            async for line in reader:
                if name := line.decode("utf-8", "replace").rstrip("\n"):
                    deliver(name)
                woken()
        finally:
            writer.close()

    def close(self) -> None:
        """Close what is left open."""
        self._sending.close()
        self._receiving.close()
