"""Wakes a loop that waits in a selector, from another thread."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Bell:
    """Registered in a selector, it is readable once it was rung."""

    def __init__(self, hammer: socket.socket, ear: socket.socket) -> None:
        """Take both ends of a pair, which never wait."""
        self._hammer, self._ear = hammer, ear

    @classmethod
    @contextmanager
    def hung(cls) -> Iterator[Bell]:
        """One that is taken down at the end of the block."""
        hammer, ear = socket.socketpair()
        with hammer, ear:
            hammer.setblocking(False)
            ear.setblocking(False)
            yield cls(hammer, ear)

    def fileno(self) -> int:
        """What a selector waits for."""
        return self._ear.fileno()

    def ring(self) -> None:
        """Wake the loop; never waits. Where the pair holds no more, it is rung already."""
        with suppress(OSError):
            self._hammer.send(b"!")

    def take(self) -> bool:
        """Whether it was rung since."""
        rung = False
        with suppress(BlockingIOError):
            while self._ear.recv(4096):
                rung = True
        return rung
