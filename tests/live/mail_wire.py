"""The wire to a mail server: it ruins the answer to a letter that the server has taken."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tests.live.wire import HELD_AT_MOST, Ruin, Wire

TAKEN = b"queued"
"""In the server's answer to a letter."""


@contextmanager
def mail_wire(port: int) -> Iterator[Wire]:
    """A wire to the server at that port, while the block runs; its own port is its `url`."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        made = Wire(f"127.0.0.1:{port}", url=str(listening.getsockname()[1]))
        accepting = threading.Thread(target=_accept, args=(made, listening, port), daemon=True)
        accepting.start()
        try:
            yield made
        finally:
            # Closing alone does not wake who accepts.
            listening.shutdown(socket.SHUT_RDWR)
            accepting.join()


def _accept(made: Wire, listening: socket.socket, port: int) -> None:
    with suppress(OSError):
        while True:
            caller, _ = listening.accept()
            server = socket.create_connection(("127.0.0.1", port))
            letter = bytearray()
            for pump in (_out, _back):
                threading.Thread(target=pump, args=(made, caller, server, letter), daemon=True).start()


def _out(_: Wire, caller: socket.socket, server: socket.socket, letter: bytearray) -> None:
    """Pass on what the caller says, and keep it."""
    with suppress(OSError):
        while part := caller.recv(65536):
            letter += part
            server.sendall(part)
        server.shutdown(socket.SHUT_RDWR)


def _back(made: Wire, caller: socket.socket, server: socket.socket, letter: bytearray) -> None:
    """Pass on what the server answers, but for the answer that is to be ruined."""
    with caller, server, suppress(OSError):
        while part := server.recv(65536):
            ruin = made.taken("DATA", "", bytes(letter)) if TAKEN in part else None
            if ruin is not None and _ruined(ruin):
                caller.shutdown(socket.SHUT_RDWR)
                return
            caller.sendall(part)


def _ruined(ruin: Ruin) -> bool:
    """Whether the answer is lost; where it is held, once it is released."""
    ruin.done.set()
    return ruin.how == "lose" or not ruin.release.wait(HELD_AT_MOST)
