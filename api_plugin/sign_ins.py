"""Remembers for a moment who a credential belongs to.

Signing in costs more than most calls do: a signature, a look at the revoked tokens, a user, its roles and all their
permissions. And the auth manager does its part of that on the event loop, so that every other call waits. A portal
calls many times in a row; that it is recognized once for all of them is worth that a revoked token or a role that was
taken away counts until the moment is over.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

CallerT = TypeVar("CallerT")

MOST = 10_000
"""Credentials remembered at once; at the limit, the expired ones are forgotten, or else all."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _SignIn(Generic[CallerT]):
    until: float
    caller: asyncio.Task[CallerT]


class SignIns(Generic[CallerT]):
    """Callers by credential. For one event loop."""

    def __init__(self, seconds: float) -> None:
        """Remember each for so many seconds; 0 for not at all."""
        self._seconds = seconds
        self._known: dict[bytes, _SignIn[CallerT]] = {}
        self._renewed: dict[bytes, _SignIn[CallerT]] = {}

    def __len__(self) -> int:
        """How many credentials are remembered."""
        return len(self._known)

    async def caller(self, credential: str, look_up: Callable[[], Coroutine[Any, Any, CallerT]]) -> CallerT:
        """Who that is; asked of `look_up` by the first of many calls, for all. A refusal is not remembered.

        In the second half of the time it is asked again while the first answer still counts: who calls all the time
        waits once.
        """
        # A hash, so that no credential can be read from this process's memory for longer than its call takes.
        key = hashlib.sha256(credential.encode()).digest()
        now = time.monotonic()
        known = self._known.get(key)
        if known is None or known.until <= now:
            self._make_room()
            renewed = self._renewed.pop(key) if key in self._renewed else None
            known = self._known[key] = renewed or self._ask(key, look_up)
        elif known.until - now <= self._seconds / 2 and key not in self._renewed:
            self._renewed[key] = self._ask(key, look_up)
        # One call that is given up must not take the others' answer with it.
        return await asyncio.shield(known.caller)

    def _ask(self, key: bytes, look_up: Callable[[], Coroutine[Any, Any, CallerT]]) -> _SignIn[CallerT]:
        asked = _SignIn(until=time.monotonic() + self._seconds, caller=asyncio.create_task(look_up()))
        asked.caller.add_done_callback(lambda _: self._answered(key, asked))
        return asked

    def _answered(self, key: bytes, asked: _SignIn[CallerT]) -> None:
        refused = asked.caller.cancelled() or asked.caller.exception() is not None
        if self._renewed.get(key) is asked:
            self._known[key] = self._renewed.pop(key)
        if refused and self._known.get(key) is asked:
            del self._known[key]

    def _make_room(self) -> None:
        if len(self._known) < MOST:
            return
        now = time.monotonic()
        self._known = {key: known for key, known in self._known.items() if known.until > now}
        if len(self._known) >= MOST:
            self._known = {}
