"""What can go wrong in a local start. Each message is a sentence that says what is wrong, and a way out."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager


class StartError(Exception):
    """The stack could not be started or stopped; the text is for people."""


class PortInUseError(StartError):
    """Another program listens on a port that the stack needs."""

    def __init__(self, port: int, wanted_by: str) -> None:
        super().__init__(
            f"port {port}, which {wanted_by} needs, is used by another program; "
            f"stop that program, or choose another port: make run PORT={port + 100}"
        )


class MissingToolError(StartError):
    """A program that the stack calls is not installed."""

    def __init__(self, tool: str) -> None:
        super().__init__(f"{tool} is not installed, or not on the PATH; install it with your package manager")


class DiskFullError(StartError):
    """There is not enough room for the database and the logs."""

    def __init__(self, folder: str, free_bytes: int | None = None) -> None:
        left = "no space" if free_bytes is None else f"only {free_bytes // 2**20} MiB"
        super().__init__(
            f"there is {left} left on the disk of {folder}; free at least 1 GiB there, "
            "or keep the state elsewhere: PAO_STATE=<folder>"
        )


class CatalogError(StartError):
    """What `CATALOG` names can't be served."""


class DatabaseError(StartError):
    """PostgreSQL did not start, or its tables could not be made."""


class ProcessFailedError(StartError):
    """A process ended again and again while it was started."""

    def __init__(self, name: str, log_file: str, last_lines: str) -> None:
        super().__init__(f"{name} does not stay up; its log {log_file} ends with:\n\n{last_lines}\n")


class NotReadyError(StartError):
    """The processes run, but the API did not become ready in time."""


class NoPermissionError(StartError):
    """A file or folder is another user's, mostly since an earlier start was that user's."""

    def __init__(self, path: str) -> None:
        super().__init__(
            f"{path} is not open to you (user id {os.getuid()}), mostly because another user, such as root, started "
            "PAO here before; start it as that user, or keep the state elsewhere: PAO_STATE=<folder>"
        )


class TookTooLongError(StartError):
    """A command of the start did not end in time."""

    def __init__(self, command: str, seconds: float) -> None:
        super().__init__(
            f"'{command}' did not end within {seconds:.0f} s; look into the logs in .pao/logs, or in logs of your "
            "PAO_STATE, and try again when this machine has less to do"
        )


@contextmanager
def as_start_errors() -> Iterator[None]:
    """Turn what any step of a start or stop can run into into its sentence."""
    try:
        yield
    except PermissionError as error:
        raise NoPermissionError(str(error.filename or "something that this needs")) from error
    except subprocess.TimeoutExpired as error:
        raise TookTooLongError(_words(error.cmd), error.timeout) from error


def _words(command: object) -> str:
    """A command as people type it."""
    return shlex.join(map(str, command)) if isinstance(command, list | tuple) else str(command)
