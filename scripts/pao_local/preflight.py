"""What is checked before anything is started."""

from __future__ import annotations

import errno
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pao_local.errors import DiskFullError, MissingToolError, PortInUseError
from pao_local.settings import Settings

FREE_BYTES = 2**30


def check_tools() -> None:
    """Raise `MissingToolError` where git is not there."""
    if shutil.which("git") is None:
        raise MissingToolError("git")


def check_disk(folder: Path, needed: int = FREE_BYTES) -> None:
    """Raise `DiskFullError` where less than a GiB is free; the database and its log of changes need that."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise DiskFullError(str(folder), free)


def check_ports(settings: Settings) -> None:
    """Raise `PortInUseError` where another program listens on a port that the stack needs."""
    for port, wanted_by in ((settings.port, "the API server"), (settings.target_port, "the example target")):
        if not is_free(port):
            raise PortInUseError(port, wanted_by)


def is_free(port: int) -> bool:
    """Whether this machine's loopback address can be listened on at that port."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # Connections of an earlier start that linger don't count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise
            return False
    return True


@contextmanager
def disk_errors(folder: Path) -> Iterator[None]:
    """Turn a disk that fills up meanwhile into its sentence."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFullError(str(folder)) from error
        raise
