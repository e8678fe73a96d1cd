"""Runs that are to be taken on again: somebody else had them locked, or nothing is at work for them.

Each is tried for a while, and is the scheduler's matter as well.
"""

from __future__ import annotations

import time
from collections.abc import Collection

from pao_airflow.fast_path import RunKey

BEHIND_SECONDS = 10.0
"""For so long one that was locked is tried."""


class RunsBehind:
    """Which runs, and until when each is tried."""

    def __init__(self) -> None:
        """None yet."""
        self._until: dict[RunKey, float] = {}

    def __bool__(self) -> bool:
        """Whether there is one."""
        return bool(self._until)

    def add(self, *runs: RunKey, seconds: float = BEHIND_SECONDS) -> None:
        """Try these for so long from now on."""
        until = time.monotonic() + seconds
        for run in runs:
            self._until[run] = until

    def due(self) -> list[RunKey]:
        """Those to try now; one whose time is over is forgotten."""
        now = time.monotonic()
        self._until = {run: until for run, until in self._until.items() if until > now}
        return list(self._until)

    def taken(self, runs: Collection[RunKey]) -> None:
        """These were taken on."""
        for run in runs:
            self._until.pop(run, None)
