"""News from outside for the actions of this process: who waits for a name, and what wakes them."""

from __future__ import annotations

import asyncio
from collections import defaultdict


class SignalBoard:
    """Names, and the actions that wait for each. For one event loop: `deliver` is called on it."""

    def __init__(self) -> None:
        self._waiting: defaultdict[str, set[asyncio.Event]] = defaultdict(set)

    async def wait(self, name: str, seconds: float) -> bool:
        """Wait so many seconds at most; True as soon as the signal of that name arrives, False otherwise."""
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
        return len(waiting)


board = SignalBoard()
"""That of this process."""
