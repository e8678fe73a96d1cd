"""Time and chance as the attempt loop sees them, so that tests need neither."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from random import SystemRandom
from typing import Protocol


class Clock(Protocol):
    """Now, waiting, and a number from 0 up to 1."""

    def now(self) -> datetime:
        """The present time in UTC."""

    async def sleep(self, seconds: float) -> None:
        """Wait; zero and less return at once."""

    def random(self) -> float:
        """A number of the interval [0, 1)."""


class SystemClock:
    """The machine's own clock."""

    def __init__(self) -> None:
        self._random = SystemRandom()

    def now(self) -> datetime:
        """The present time in UTC."""
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        """Wait on the running event loop."""
        await asyncio.sleep(max(seconds, 0))

    def random(self) -> float:
        """A number of the interval [0, 1)."""
        return self._random.random()


SYSTEM_CLOCK = SystemClock()
"""The clock that hosts use."""
