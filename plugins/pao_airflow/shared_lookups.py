"""Looks a name up once for all actions that ask for it within a moment.

Actions that start together want the same few credentials. In the triggerer each look-up passes through its one
supervisor, so a thousand of the same one would hold up everything else for as long as the calls may take.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

NameT = TypeVar("NameT", bound=Hashable)
ValueT = TypeVar("ValueT")

FRESH_SECONDS = 2.0
"""For so long a value that was replaced may still be used, as by any action that read it just before."""


class SharedLookups(Generic[NameT, ValueT]):
    """Values by name, for each event loop its own. A failure is told to all that wait for it, and not remembered."""

    def __init__(self, look_up: Callable[[NameT], Awaitable[ValueT]], *, seconds: float = FRESH_SECONDS) -> None:
        """Ask `look_up`; remember what it gives for so many seconds."""
        self._look_up = look_up
        self._seconds = seconds
        self._known: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[NameT, asyncio.Future[ValueT]]] = (
            WeakKeyDictionary()
        )

    async def get(self, name: NameT) -> ValueT:
        """The value; raises what `look_up` raises."""
        known = self._known.setdefault(asyncio.get_running_loop(), {})
        value = known.get(name)
        if value is None:
            value = known[name] = asyncio.ensure_future(self._look_up(name))
            value.add_done_callback(lambda done: self._keep(known, name, done))
        # One action that is cancelled must not take the others' value with it.
        return await asyncio.shield(value)

    def _keep(self, known: dict[NameT, asyncio.Future[ValueT]], name: NameT, done: asyncio.Future[ValueT]) -> None:
        failed = done.cancelled() or done.exception() is not None
        done.get_loop().call_later(0 if failed else self._seconds, known.pop, name, None)
