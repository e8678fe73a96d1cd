"""Lets the calls to one target through while it is well, none while it is left alone, and one to try it again.

Whoever comes while the one is on its way waits for how it goes: that costs nothing, and no attempt of an action.
"""

from __future__ import annotations

import asyncio

from pao_actions.attempt_limit import uncounted
from pybreaker import STATE_CLOSED

from catalog_compiler.actions import Clock
from pao_airflow.breaker import BreakerMemory, BreakerRules, Verdict, left_alone

LOOK_AGAIN_SECONDS = 0.5
"""How often one looks how another process's trial went."""


class TargetBreaker:
    """The breaker of one target, for one event loop."""

    def __init__(self, target: str, rules: BreakerRules, memory: BreakerMemory, clock: Clock) -> None:
        self._target = target
        self._rules = rules
        self._memory = memory
        self._clock = clock
        self._trial: asyncio.Future[None] | None = None
        self._inside = 0

    async def enter(self) -> bool:
        """Return when a call may be made, True where it is the one that tries the target; `leave` must follow.

        Raises:
            TemporaryError: where the target is left alone.
        """
        self._inside += 1
        try:
            return await self._enter()
        except BaseException:
            self._inside -= 1
            raise

    def leave(self, verdict: Verdict, *, trial: bool) -> None:
        """Record how it went."""
        self._inside -= 1
        self._memory.record(verdict, trial=trial, then=self._end_trial if trial else _nothing)

    def closed(self) -> bool:
        """Whether calls pass, as far as this process knows."""
        return self._memory.known().state == STATE_CLOSED

    def forgettable(self) -> bool:
        """Whether nobody would miss it."""
        reading = self._memory.known()
        return self._inside == 0 and reading.state == STATE_CLOSED and reading.failures == 0

    async def _enter(self) -> bool:
        while True:
            reading = await self._memory.read()
            if reading.state == STATE_CLOSED:
                return False
            if (rest := reading.rest(self._rules, self._clock.now())) > 0:
                raise left_alone(self._target, self._rules, rest)
            if self._trial is None:
                if await self._try():
                    return True
            else:
                with uncounted():
                    # Many wait for the one future: whoever is cancelled must not take it from the others.
                    await asyncio.shield(self._trial)

    async def _try(self) -> bool:
        """Whether this call is the one; if another process has it, return when it may have ended."""
        self._trial = asyncio.get_running_loop().create_future()
        try:
            if await self._memory.begin_trial():
                return True
            with uncounted():
                await self._clock.sleep(LOOK_AGAIN_SECONDS)
        except BaseException:
            self._end_trial()
            raise
        self._end_trial()
        return False

    def _end_trial(self) -> None:
        if self._trial is not None and not self._trial.done():
            self._trial.set_result(None)
        self._trial = None


def _nothing() -> None:
    """Nobody waits for it."""
