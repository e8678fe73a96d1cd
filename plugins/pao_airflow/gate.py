"""The gate before every call of an action: its target's breaker, and the limits of calls at once.

The order matters: whoever waits for a target's trial holds no place, so that one dead target does not keep
the calls to others waiting; and who got a place asks the breaker again, since it may have opened meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from weakref import WeakKeyDictionary

from pao_actions.clock import SYSTEM_CLOCK

from catalog_compiler.actions import ActionLog, Clock
from catalog_compiler.settings import PaoSettings
from pao_airflow.breaker import BreakerMemory, BreakerRules, ProcessMemory, Told, Verdict
from pao_airflow.breaker_reports import reports
from pao_airflow.call_limits import CallLimit, CallLimits
from pao_airflow.target_breaker import TargetBreaker

MOST_TARGETS = 2000
"""Beyond so many, those that are well and that nobody calls are forgotten."""


class HostPassage:
    """One call on its way."""

    def __init__(self) -> None:
        self.verdict = Verdict.WELL

    def ill(self) -> None:
        """The target is ill."""
        self.verdict = Verdict.ILL


class Breakers:
    """The breakers of all targets, for one event loop."""

    def __init__(self, rules: BreakerRules, memory: Callable[[str], BreakerMemory], clock: Clock) -> None:
        """`memory` makes a target's."""
        self._rules = rules
        self._memory = memory
        self._clock = clock
        self._known: dict[str, TargetBreaker] = {}

    def __len__(self) -> int:
        """How many targets are remembered."""
        return len(self._known)

    def of(self, target: str) -> TargetBreaker:
        """That of a target."""
        if target not in self._known:
            if len(self._known) >= MOST_TARGETS:
                self._known = {name: each for name, each in self._known.items() if not each.forgettable()}
            self._known[target] = TargetBreaker(target, self._rules, self._memory(target), self._clock)
        return self._known[target]


class HostGate:
    """The `Gate` of one action."""

    def __init__(self, breakers: Breakers, limits: Callable[[str], tuple[CallLimit, ...]], log: ActionLog) -> None:
        """`limits` tells those of calls to a target; the log is told where the action has to wait its turn."""
        self._breakers = breakers
        self._limits = limits
        self._log = log

    @asynccontextmanager
    async def call(self, target: str) -> AsyncIterator[HostPassage]:
        """Pass where the target is not left alone, and when there is a place."""
        breaker = self._breakers.of(target)
        passage = HostPassage()
        async with AsyncExitStack() as place:
            trial = await self._enter(breaker, target, place)
            try:
                yield passage
            except Exception:
                raise
            except BaseException:
                # It was stopped, which says nothing of the target unless the action says so.
                if passage.verdict is Verdict.WELL:
                    passage.verdict = Verdict.UNKNOWN
                raise
            finally:
                breaker.leave(passage.verdict, trial=trial)

    async def _enter(self, breaker: TargetBreaker, target: str, place: AsyncExitStack) -> bool:
        """Return with a place taken and the breaker entered; True where this call tries the target."""
        limits = self._limits(target)
        while True:
            trial = await breaker.enter()
            try:
                if any(limit.full for limit in limits):
                    self._log.info("call_waits_its_turn", target=target)
                for limit in limits:
                    await place.enter_async_context(limit.place())
            except BaseException:
                breaker.leave(Verdict.UNKNOWN, trial=trial)
                raise
            if trial or breaker.closed():
                return trial
            breaker.leave(Verdict.UNKNOWN, trial=False)
            await place.aclose()


class Gates:
    """Makes the gates of all actions that one event loop runs."""

    def __init__(self, settings: PaoSettings, *, told: Told, clock: Clock = SYSTEM_CLOCK) -> None:
        """`told` is called on the event loop for each change of a breaker."""
        rules = BreakerRules(failures=settings.breaker_failures, seconds=settings.breaker_seconds)
        self._breakers = Breakers(rules, _memories(settings, rules, clock, told), clock)
        self._limits = CallLimits(settings.call_limits)

    def gate(self, action_type: str, log: ActionLog) -> HostGate:
        """That of an action of this type."""
        return HostGate(self._breakers, partial(self._limits.of, action_type), log)


def _memories(settings: PaoSettings, rules: BreakerRules, clock: Clock, told: Told) -> Callable[[str], BreakerMemory]:
    if settings.redis_url is None:
        return lambda target: ProcessMemory(target, rules, clock, told)
    from pao_airflow.shared_breaker import SharedMemory
    from pao_airflow.shared_redis import SharedRedis

    redis = SharedRedis(settings.redis_url)
    return lambda target: SharedMemory(target, rules, redis, clock, told)


_gates: WeakKeyDictionary[asyncio.AbstractEventLoop, Gates] = WeakKeyDictionary()


def gates(settings: PaoSettings) -> Gates:
    """Those of the running event loop."""
    loop = asyncio.get_running_loop()
    if loop not in _gates:
        _gates[loop] = Gates(settings, told=reports(settings).tell)
    return _gates[loop]
