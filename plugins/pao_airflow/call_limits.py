"""How many calls are made at once in this process: of each action type, to one target, in all. Others wait in turn.

Airflow's pools do not see what a triggerer runs; for types that run on workers they do (`[pao] worker_pools`).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

from pao_actions.attempt_limit import uncounted
from pao_actions.http_client import MAX_CONNECTIONS

TO_ONE_TARGET = MAX_CONNECTIONS // 2
"""Calls to one target at once: a slow one that is called very often leaves the others their half."""


class CallLimit:
    """The places of one kind of calls, for one event loop."""

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
    """All of them, for one event loop."""

    def __init__(self, calls: Mapping[str, int]) -> None:
        """Calls at once by action type; types that are not named have no limit of their own."""
        self._types = {name: CallLimit(number) for name, number in calls.items()}
        self._targets: WeakValueDictionary[str, CallLimit] = WeakValueDictionary()
        self._all = CallLimit(MAX_CONNECTIONS)
        self._none = CallLimit(None)

    def of(self, action_type: str, target: str) -> tuple[CallLimit, ...]:
        """Those of a call of this type to this target, in the order in which their places must be taken.

        What more share is later: who waits for one place holds none that others could use.
        """
        place = self._targets.setdefault(target, CallLimit(TO_ONE_TARGET))
        return self._types.get(action_type, self._none), place, self._all
