"""Remembers for some minutes what Jira told, for each event loop by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

from catalog_compiler.actions import Clock

ValueT = TypeVar("ValueT")


@dataclass(kw_only=True, slots=True)
class _Kept(Generic[ValueT]):
    """A value, once it was told; the lock lets one ask while others wait for what it hears."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    told: tuple[datetime, ValueT] | None = None


class LoopMemory(Generic[ValueT]):
    """Values by name; each is forgotten after so many seconds, and what failed is never remembered."""

    def __init__(self, seconds: float) -> None:
        self._lasts = timedelta(seconds=seconds)
        self._loops: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, _Kept[ValueT]]] = WeakKeyDictionary()

    async def recall(self, name: str, clock: Clock, ask: Callable[[], Awaitable[ValueT]]) -> ValueT:
        """The value as it was told some minutes ago, or else what `ask` hears; raises what that raises."""
        kept = self._of_loop().setdefault(name, _Kept())
        async with kept.lock:
            if kept.told is None or clock.now() - kept.told[0] > self._lasts:
                kept.told = (clock.now(), await ask())
            return kept.told[1]

    def forget(self, name: str) -> None:
        """Ask anew the next time."""
        self._of_loop().pop(name, None)

    def _of_loop(self) -> dict[str, _Kept[ValueT]]:
        return self._loops.setdefault(asyncio.get_running_loop(), {})
