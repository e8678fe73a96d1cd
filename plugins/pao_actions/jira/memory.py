"""Remembers for some minutes what Jira told, for each event loop by itself."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

from catalog_compiler.actions import Clock

ValueT = TypeVar("ValueT")


class LoopMemory(Generic[ValueT]):
    """Values by name; each is forgotten after so many seconds."""

    def __init__(self, seconds: float) -> None:
        self._lasts = timedelta(seconds=seconds)
        self._loops: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, tuple[datetime, ValueT]]] = (
            WeakKeyDictionary()
        )

    def recall(self, name: str, clock: Clock) -> ValueT | None:
        """The value, or None where there is none or it is too old."""
        values = self._of_loop()
        kept = values.get(name)
        if kept is None:
            return None
        if clock.now() - kept[0] > self._lasts:
            del values[name]
            return None
        return kept[1]

    def keep(self, name: str, value: ValueT, clock: Clock) -> None:
        """Remember a value from now on."""
        self._of_loop()[name] = (clock.now(), value)

    def forget(self, name: str) -> None:
        """Ask anew the next time."""
        self._of_loop().pop(name, None)

    def _of_loop(self) -> dict[str, tuple[datetime, ValueT]]:
        return self._loops.setdefault(asyncio.get_running_loop(), {})
