"""How many calls each action type makes at once in this process. Further ones wait: first come, first served.

Airflow's pools do not see what a triggerer runs; for types that run on workers they do (`[pao] worker_pools`).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from pao_actions.attempt_limit import uncounted


class CallLimit:
    """The places of one action type, for one event loop."""

    def __init__(self, calls: int | None) -> None:
        """So many at once; None for no limit."""
        self._places = None if calls is None else asyncio.Semaphore(calls)

    @property
    def full(self) -> bool:
        """Whether one would have to wait now."""
        return self._places is not None and self._places.locked()

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Hold a place; the time until there is one is not the attempt's."""
        if self._places is None:
            yield
            return
        with uncounted():
            await self._places.acquire()
        try:
            yield
        finally:
            self._places.release()


class CallLimits:
    """Those of all action types, for one event loop."""

    def __init__(self, calls: Mapping[str, int]) -> None:
        """Calls at once by action type; the others have no limit."""
        self._limits = {name: CallLimit(number) for name, number in calls.items()}
        self._none = CallLimit(None)

    def of(self, action_type: str) -> CallLimit:
        """That of a type."""
        return self._limits.get(action_type, self._none)
