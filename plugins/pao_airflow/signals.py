"""News from outside for the actions of this process: who waits for a name, and what wakes them."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict, defaultdict

REMEMBERED = 60.0
"""Seconds for which news that nobody waits for is kept: whoever it is for may be looking at that very moment, at what
was true before it, and wait next."""
MANY = 1000
"""How much of it is kept; the oldest is dropped. Most news is of what other people do."""


class SignalBoard:
    """Names, and the actions that wait for each. For one event loop: `deliver` is called on it."""

    def __init__(self) -> None:
        self._waiting: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        self._missed: OrderedDict[str, float] = OrderedDict()

    async def wait(self, name: str, seconds: float) -> bool:
        """Wait so many seconds at most; True as soon as the signal of that name arrives, False otherwise.

        A signal that came shortly before, when nobody waited for it, has arrived.
        """
        missed = self._missed.pop(name, None)
        if missed is not None and time.monotonic() - missed <= REMEMBERED:
            return True
        arrived = asyncio.Event()
        self._waiting[name].add(arrived)
        try:
            async with asyncio.timeout(max(seconds, 0)):
                await arrived.wait()
        except TimeoutError:
            return False
        finally:
            self._waiting[name].discard(arrived)
            if not self._waiting[name]:
                del self._waiting[name]
        return True

    def deliver(self, name: str) -> int:
        """Wake whoever waits for that name; how many there were."""
        waiting = self._waiting.get(name, ())
        for arrived in waiting:
            arrived.set()
        if not waiting:
            self._missed[name] = time.monotonic()
            self._missed.move_to_end(name)
            if len(self._missed) > MANY:
                self._missed.popitem(last=False)
        return len(waiting)


board = SignalBoard()
"""That of this process."""
