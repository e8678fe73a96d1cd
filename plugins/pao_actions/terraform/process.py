"""Runs a program beside the event loop: its lines as they come, and an end that is gentle whatever stops the action."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pao_actions.terraform import guardian

PATIENCE = 300.0
"""Seconds that Terraform has to end after it was interrupted: it waits for its providers, then stores its state."""

_CHUNK = 65_536
_LONGEST_TAIL = 65_536


@dataclass(frozen=True, kw_only=True, slots=True)
class Finished:
    """A program that ended."""

    code: int
    output: bytes
    errors: str
    """The end of what it wrote to its standard error."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Guard:
    """What the guardian of a program needs: the run's folder, where its state is kept, and the run's lock."""

    folder: Path
    keep: Path
    lock: int
    patience: float = PATIENCE


async def run_guarded(
    command: list[str],
    *,
    cwd: Path,
    environment: Mapping[str, str],
    guard: Guard,
    on_line: Callable[[bytes], None] | None = None,
) -> Finished:
    """Run a program that must not be killed in the middle; where this is cancelled, it is interrupted and waited for.

    With `on_line` its output goes there line by line, otherwise into the result.
    """
    script = [sys.executable, "-I", "-S", guardian.__file__, str(guard.patience), str(guard.folder), str(guard.keep)]
    process = await asyncio.create_subprocess_exec(
        *script,
        *command,
        cwd=cwd,
        env=dict(environment),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
        # While the guardian lives, its run is not dead.
        pass_fds=(guard.lock,),
    )
    return await _followed(process, on_line)


async def run_plain(command: list[str], *, cwd: Path, environment: Mapping[str, str]) -> Finished:
    """Run a program that may be stopped at any time."""
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=cwd,
        env=dict(environment),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    return await _followed(process, None)


async def _followed(process: asyncio.subprocess.Process, on_line: Callable[[bytes], None] | None) -> Finished:
    work = asyncio.ensure_future(_read_all(process, on_line))
    try:
        return await asyncio.shield(work)
    except BaseException:
        _ask_to_end(process)
        # A second cancellation must not leave it behind: it is waited for all the same.
        while not work.done():
            with suppress(asyncio.CancelledError, Exception):
                await asyncio.shield(work)
        raise


def _ask_to_end(process: asyncio.subprocess.Process) -> None:
    if process.stdin is not None:
        process.stdin.close()
        return
    with suppress(ProcessLookupError):
        os.killpg(process.pid, 15)


async def _read_all(process: asyncio.subprocess.Process, on_line: Callable[[bytes], None] | None) -> Finished:
    output, errors, code = await asyncio.gather(
        _read_output(process.stdout, on_line), _read_tail(process.stderr), process.wait()
    )
    return Finished(code=code, output=output, errors=errors.decode("utf-8", "replace"))


async def _read_output(stream: asyncio.StreamReader | None, on_line: Callable[[bytes], None] | None) -> bytes:
    """All of it, or what is left after the last whole line."""
    pending = bytearray()
    async for chunk in _chunks(stream):
        pending += chunk
        if on_line is not None and b"\n" in chunk:
            *lines, rest = bytes(pending).split(b"\n")
            pending = bytearray(rest)
            for line in lines:
                on_line(line)
    return bytes(pending)


async def _read_tail(stream: asyncio.StreamReader | None) -> bytes:
    tail = bytearray()
    async for chunk in _chunks(stream):
        tail += chunk
        del tail[:-_LONGEST_TAIL]
    return bytes(tail)


async def _chunks(stream: asyncio.StreamReader | None) -> AsyncIterator[bytes]:
    while stream is not None and (chunk := await stream.read(_CHUNK)):
        yield chunk
