"""What the stack's programs keep in memory: before a rush, at its highest, and after."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import psutil
from pao_local.processes import Supervisor
from pao_local.settings import Settings

LOOK_EVERY = 1.0
"""Seconds between two looks; each costs some 10 ms of a core."""
MB = 1024 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Memory:
    """Of one program with all its processes, in MB, each page that processes share counted once among them all."""

    before: float
    peak: float
    after: float


@dataclass
class MemoryWatch:
    """What was seen while a block ran."""

    settings: Settings
    _looks: list[Mapping[str, float]] = field(default_factory=list)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Look every so often until the block ends."""
        self.look()
        over = threading.Event()
        thread = threading.Thread(target=self._keep_looking, args=(over,))
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def found(self) -> dict[str, Memory]:
        """By program; `after` is of this moment. One that was not there throughout is left out."""
        self.look()
        everywhere = set.intersection(*(set(look) for look in self._looks))
        return {
            name: Memory(
                before=self._looks[0][name], peak=max(look[name] for look in self._looks), after=self._looks[-1][name]
            )
            for name in sorted(everywhere)
        }

    def look(self) -> None:
        """Look once."""
        states = Supervisor(self.settings).states()
        self._looks.append({each.name: _of_tree(each.pid) for each in states if each.pid is not None})

    def _keep_looking(self, over: threading.Event) -> None:
        while not over.wait(LOOK_EVERY):
            self.look()


def _of_tree(pid: int) -> float:
    """The proportional set size (`smaps_rollup`) of a process and its children; one that ends meanwhile is none."""
    total = 0
    try:
        root = psutil.Process(pid)
        tree = [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0.0
    for process in tree:
        try:
            total += process.memory_full_info().pss
        except psutil.NoSuchProcess:
            continue
    return round(total / MB, 1)
