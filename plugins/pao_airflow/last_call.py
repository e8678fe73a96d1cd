"""Lets a call that is on its way end, when its action is to stop: what it makes is known then, and can be undone.

Cut off in the middle, a call may have made something that nobody knows the id of.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar
from weakref import WeakSet

from catalog_compiler.actions import Gate, Passage

CALL_SECONDS = 10.0
"""So long a call on its way may take to end; then it is cut off."""
ANSWER_SECONDS = 1.0
"""So long the action has to make something of the answer, and store it."""

ResultT = TypeVar("ResultT")


_OF_PROCESS: WeakSet[CallsAtWork] = WeakSet()


class EndedLateError(Exception):
    """The work was stopped, and ended all the same with its last call."""

    def __init__(self, result: Any) -> None:
        super().__init__("ended after it was stopped")
        self.result = result


class CallsAtWork:
    """Counts the calls that an action has on their way."""

    def __init__(self) -> None:
        """None yet."""
        self._count = 0
        self._none = asyncio.Event()
        self.work: asyncio.Task[Any] | None = None
        """What the action runs in."""
        _OF_PROCESS.add(self)

    @property
    def any(self) -> bool:
        """Whether there is one."""
        return self._count > 0

    def through(self, gate: Gate) -> Gate:
        """The gate, which counts what passes it."""
        return _CountingGate(gate, self)

    async def none(self) -> None:
        """Return once there is none."""
        while self.any:
            self._none.clear()
            await self._none.wait()

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """One more, while the block runs."""
        self._count += 1
        try:
            yield
        finally:
            self._count -= 1
            self._none.set()


class _CountingGate:
    def __init__(self, gate: Gate, calls: CallsAtWork) -> None:
        self._gate = gate
        self._calls = calls

    @asynccontextmanager
    async def call(self, target: str) -> AsyncIterator[Passage]:
        async with self._gate.call(target) as passage, self._calls.one():
            yield passage


async def until_last_call(work: Coroutine[None, None, ResultT], calls: CallsAtWork, *, stopped_by: str) -> ResultT:
    """Do the work; where it is cancelled with the message `stopped_by`, let a call on its way end first.

    Raises:
        CancelledError: where it was cancelled.
        EndedLateError: where it was, and has ended by itself by then; it holds the result.
    """
    doing = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(doing)
    except asyncio.CancelledError as cancelled:
        if cancelled.args[:1] == (stopped_by,) and calls.any:
            await _regardless(_call_ends(doing, calls))
        if doing.done() and not doing.cancelled():
            raise EndedLateError(doing.result()) from None
        doing.cancel()
        await _regardless(asyncio.wait({doing}))
        raise


async def calls_of_process_end(seconds: float) -> None:
    """Let the calls that are on their way now end, for so long, and their actions make something of the answers.

    For a host that is told to stop. Where a call is cut off that is not safe to repeat, nobody knows what it did.
    """
    calling = [calls for calls in _OF_PROCESS if calls.any]
    if not calling:
        return
    with suppress(TimeoutError):
        await asyncio.wait_for(asyncio.gather(*(calls.none() for calls in calling)), seconds)
    works = {calls.work for calls in calling if calls.work is not None}
    if works:
        await asyncio.wait(works, timeout=ANSWER_SECONDS)


async def _call_ends(doing: asyncio.Future[ResultT], calls: CallsAtWork) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(calls.none(), CALL_SECONDS)
        await asyncio.wait({doing}, timeout=ANSWER_SECONDS)


async def _regardless(ending: Coroutine[None, None, object]) -> None:
    """Wait for it, however often this is cancelled meanwhile: Airflow cancels a trigger anew in every round."""
    task = asyncio.ensure_future(ending)
    while not task.done():
        with suppress(asyncio.CancelledError):
            await asyncio.shield(task)
