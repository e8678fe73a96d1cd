"""What a stack's programs take of the processors, on average from one moment to another."""

from __future__ import annotations

import time
from collections.abc import Iterator

import psutil
from pao_local.database import Database
from pao_local.processes import Supervisor
from pao_local.settings import Settings

DATABASE = "database"
OTHERS = "its other processes"
"""Of a scheduler: its workers. Of a triggerer: its runner."""


class CpuWatch:
    """What each program takes from now on."""

    def __init__(self, settings: Settings) -> None:
        """Begin."""
        self._settings = settings
        self._since, self._used = time.monotonic(), dict(_seconds(settings))

    def cores(self) -> dict[str, float]:
        """By program, what it started apart; 1 is one core. One that was not there throughout is left out."""
        elapsed, used = time.monotonic() - self._since, dict(_seconds(self._settings))
        return {name: round((used[name] - began) / elapsed, 3) for name, began in self._used.items() if name in used}


def of_program(cores: dict[str, float], name: str) -> float:
    """What a program takes with all its processes."""
    return round(cores[name] + cores[f"{name}, {OTHERS}"], 3)


def _seconds(settings: Settings) -> Iterator[tuple[str, float]]:
    roots = [(state.name, state.pid) for state in Supervisor(settings).states()]
    for name, pid in [*roots, (DATABASE, Database(settings).pid())]:
        if pid is None:
            continue
        root = psutil.Process(pid)
        own, others = _own(root), _ended_below(root)
        for process in root.children(recursive=True):
            try:
                others += _own(process) + _ended_below(process)
            except psutil.NoSuchProcess:
                # Its parent has its seconds, or will have.
                continue
        yield name, own
        yield f"{name}, {OTHERS}", others


def _own(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _ended_below(process: psutil.Process) -> float:
    """Of its children that have ended: what was there at the beginning is in the difference but once."""
    times = process.cpu_times()
    return float(times.children_user + times.children_system)
