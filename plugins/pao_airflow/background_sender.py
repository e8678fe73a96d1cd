"""A socket whose sender never waits: what the other side does not take yet is sent by a thread, in order."""

from __future__ import annotations

import threading
from contextlib import suppress
from queue import SimpleQueue
from socket import socket


class BackgroundSender:
    """Stands in for a socket that one thread writes to, and closes it in the end."""

    def __init__(self, sock: socket) -> None:
        """Take over a blocking socket."""
        self._socket = sock
        self._waiting: SimpleQueue[bytes | None] = SimpleQueue()
        threading.Thread(target=self._send, name="background-sender", daemon=True).start()

    def sendall(self, data: bytes) -> None:
        """Have it sent after all that came before. An error of the socket is not told here: what follows is dropped."""
        self._waiting.put(data)

    def close(self) -> None:
        """Close the socket at once; what was not sent is dropped."""
        self._waiting.put(None)
        self._socket.close()

    def _send(self) -> None:
        with suppress(OSError):
            while (data := self._waiting.get()) is not None:
                self._socket.sendall(data)
