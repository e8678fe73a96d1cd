"""The clock of hosts; tests have `pao_actions.testing.FakeClock`."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from random import SystemRandom


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
