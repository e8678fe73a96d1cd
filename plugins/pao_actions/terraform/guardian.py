"""Runs a program and interrupts it gently once its own input is closed: a script of its own, run by path.

Whoever started it closes that input to stop the program. Where they die, by SIGKILL too, the system closes it, so the
program is never left running by itself, and never killed in the middle of writing its state: it gets SIGINT once, then
SIGTERM, and SIGKILL at the very last. After a death it clears away what its starter can't any more.

    python -I -S guardian.py <seconds of patience> <folder> <where to keep a state> <program> <argument>...
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from threading import Thread
from typing import IO

TERM_PATIENCE = 30.0
"""Seconds between SIGTERM and SIGKILL."""

RELAY_PATIENCE = 5.0
"""Seconds for which the rest of the output is waited for: what the program itself started may keep it open."""

ERRORED_STATE = "errored.tfstate"
"""The file in which Terraform leaves a state that it could not store."""


def main(arguments: list[str]) -> int:
    """Run the program; gives its exit status, as a shell would where a signal ended it."""
    patience, folder, keep, *command = arguments
    parent = os.getppid()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # A handler, not SIG_IGN: the program would inherit that.
        signal.signal(number, _stay)
    child = subprocess.Popen(  # noqa: S603 - as it was told
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )
    Thread(target=_watch, args=(child, float(patience)), daemon=True).start()
    relays = [Thread(target=_relay, args=streams, daemon=True) for streams in ((child.stdout, 1), (child.stderr, 2))]
    for relay in relays:
        relay.start()
    code = child.wait()
    for relay in relays:
        relay.join(RELAY_PATIENCE)
    if os.getppid() != parent:
        clear_away(Path.cwd(), Path(folder), Path(keep))
    return code if code >= 0 else 128 - code


def clear_away(root: Path, folder: Path, keep: Path) -> None:
    """Remove a run's folder and its lock; a state that Terraform could not store is kept."""
    errored = root / ERRORED_STATE
    if errored.is_file() and not errored.is_symlink():
        keep.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.move(errored, keep)
        keep.chmod(0o600)
    shutil.rmtree(folder, ignore_errors=True)
    folder.with_name(f"{folder.name}.lock").unlink(missing_ok=True)


def _watch(child: subprocess.Popen[bytes], patience: float) -> None:
    while os.read(0, 4096):
        pass
    for number, seconds in ((signal.SIGINT, patience), (signal.SIGTERM, TERM_PATIENCE), (signal.SIGKILL, None)):
        if child.poll() is not None:
            return
        try:
            os.killpg(child.pid, number)
            child.wait(seconds)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue


def _relay(source: IO[bytes], target: int) -> None:
    """Pass its output on. Once nobody reads that it goes nowhere: written to a closed pipe it would end the program."""
    read = True
    while chunk := os.read(source.fileno(), 65536):
        while read and chunk:
            try:
                chunk = chunk[os.write(target, chunk) :]
            except OSError:
                read = False


def _stay(*_: object) -> None:
    """Only the closed input stops the program."""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
