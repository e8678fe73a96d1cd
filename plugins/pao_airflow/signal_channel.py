"""Brings signals from the triggerer's supervisor to its runner, the process that actions run in.

A pair of sockets of its own, made before the runner is forked: Airflow's protocol between the two is not touched. One
name a line.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable


class SignalChannel:
    """Both ends; each process closes the one that is the other's."""

    def __init__(self) -> None:
        """Make the pair, in the process that will fork."""
        self._sending, self._receiving = socket.socketpair()

    def keep_sending(self) -> None:
        """Be the supervisor's."""
        self._receiving.close()

    def keep_receiving(self) -> None:
        """Be the runner's."""
        self._sending.close()

    def send(self, name: str) -> None:
        """Send a name; waits while the runner takes none. Raises `OSError` where the runner is gone."""
        self._sending.sendall(f"{name}\n".encode())

    async def receive(self, deliver: Callable[[str], object]) -> None:
        """Deliver each name on this event loop, until the supervisor is gone."""
        reader, writer = await asyncio.open_connection(sock=self._receiving)
        try:
            async for line in reader:
                deliver(line.decode("utf-8", "replace").rstrip("\n"))
        finally:
            writer.close()

    def close(self) -> None:
        """Close what is left open."""
        self._sending.close()
        self._receiving.close()
