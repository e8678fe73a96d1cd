"""Prism, which serves GitHub's own OpenAPI description and holds calls and answers to it."""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Literal

import pytest

from tests.outside_programs import NODE, missing

Kind = Literal["cloud", "server"]
"""github.com, or an Enterprise Server."""

HERE = Path(__file__).parent
_PRISM = HERE / "node_modules" / "@stoplight" / "prism-cli" / "dist" / "index.js"
_STARTED = "Prism is listening"
_TRIES = 3


@contextmanager
def proxy(kind: Kind, upstream: str) -> Iterator[str]:
    """A server before another one: what goes through it, either way, is as described, or answered with 422 or 500."""
    with _prism("proxy", _description(kind), upstream, "--errors") as url:
        yield url


@contextmanager
def mock(kind: Kind) -> Iterator[str]:
    """A server that answers with the description's examples."""
    with _prism("mock", _description(kind), "--errors") as url:
        yield url


@contextmanager
def _prism(*arguments: str) -> Iterator[str]:
    said: list[str] = []
    for _ in range(_TRIES):
        port = _free_port()
        command = [_node(), str(_PRISM), *arguments, "--host", "127.0.0.1", "--port", str(port)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8") as process:
            reader = None
            try:
                if reader := _listens(process.stdout, said):
                    yield f"http://127.0.0.1:{port}"
                    return
            finally:
                process.terminate()
                if reader:
                    reader.join()
    pytest.fail("Prism ended instead of listening: " + "".join(said))


def _free_port() -> int:
    """One that is free now; it may be taken by the time that Prism has started."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def _listens(output: IO[str], said: list[str]) -> threading.Thread | None:
    """Read until it listens, and from then on in a thread, so that the pipe never fills; None where it ends before."""
    for line in output:
        said.append(line)
        if _STARTED in line:
            reader = threading.Thread(target=deque, args=(output, 0), daemon=True)
            reader.start()
            return reader
    return None


def _description(kind: Kind) -> str:
    found = HERE / "node_modules" / ".descriptions" / f"{kind}.json"
    if not found.exists():
        missing("GitHub's description of its API: run scripts/install dev, with Node 20 or newer and npm")
    return str(found)


def _node() -> str:
    found = shutil.which("node")
    if found is None:
        missing(NODE)
    return found
