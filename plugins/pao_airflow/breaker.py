"""The breaker of one target, in this process's memory: opens after calls in a row that found the target ill.

The states and their counting are pybreaker's. Its calls are synchronous, so a call here is two moments: one asks
whether it may pass, and a later one records how it went.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Literal, Protocol

from pao_actions.exceptions import TemporaryError
from pybreaker import (
    STATE_CLOSED,
    STATE_OPEN,
    CircuitBreaker,
    CircuitBreakerError,
    CircuitBreakerListener,
    CircuitMemoryStorage,
)

from catalog_compiler.actions import Clock

State = Literal["closed", "open", "half-open"]
Told = Callable[["Change"], None]


class Verdict(Enum):
    """How a call went, as far as its target's health is concerned."""

    WELL = auto()
    ILL = auto()
    UNKNOWN = auto()
    """It was stopped before anything could be said."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BreakerRules:
    """When a breaker opens, and for how long."""

    failures: int
    """Calls in a row that found the target ill."""
    seconds: float
    """For so long it is open before one call tries the target again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """A breaker's state at one moment."""

    state: str
    opened_at: dt.datetime | None = None
    failures: int = 0

    def rest(self, rules: BreakerRules, now: dt.datetime) -> float:
        """Seconds for which the target is still left alone; 0 where it may be tried."""
        if self.state != STATE_OPEN or self.opened_at is None:
            return 0.0
        return max((self.opened_at - now).total_seconds() + rules.seconds, 0.0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """A breaker changed its state."""

    target: str
    state: State
    at: dt.datetime
    failures: int
    """Calls in a row that found the target ill."""


class BreakerMemory(Protocol):
    """Where a target's breaker is kept: in this process, or in a Redis for all of them."""

    async def read(self) -> Reading:
        """Its present state."""
        ...

    def known(self) -> Reading:
        """Its state as far as this process knows."""
        ...

    async def begin_trial(self) -> bool:
        """Half-open it for one call; False where another process's call is under way. Undone where it is cancelled."""
        ...

    def record(self, verdict: Verdict, *, trial: bool, then: Callable[[], None]) -> None:
        """Note how a call went, without waiting; `then` is called when it is noted."""


class ProcessMemory:
    """The breaker of one target for this process alone."""

    def __init__(self, target: str, rules: BreakerRules, clock: Clock, told: Told) -> None:
        """`told` is called for each change."""
        self._storage = _ClockedStorage(clock)
        self._breaker = CircuitBreaker(
            fail_max=rules.failures,
            reset_timeout=rules.seconds,
            state_storage=self._storage,
            listeners=[Teller(target, clock, told)],
            name=target,
        )

    async def read(self) -> Reading:
        """Its present state."""
        return self.known()

    def known(self) -> Reading:
        """Its present state."""
        return reading_of(self._breaker.current_state, self._storage)

    async def begin_trial(self) -> bool:
        """Half-open it; the caller lets one call through."""
        self._breaker.half_open()
        return True

    def record(self, verdict: Verdict, *, trial: bool, then: Callable[[], None]) -> None:
        """Note how a call went."""
        note(self._breaker, verdict, trial=trial)
        then()

    def adopt(self, reading: Reading) -> None:
        """Go on from what is known of the target from elsewhere."""
        if reading.state == STATE_CLOSED:
            return
        self._breaker.open()
        if reading.opened_at is not None:
            self._storage.opened_at_else(reading.opened_at)


def reading_of(state: str, storage: Any) -> Reading:
    """A breaker in that state, with what its storage says besides."""
    return Reading(state=state, opened_at=storage.opened_at, failures=storage.counter)


def note(breaker: CircuitBreaker, verdict: Verdict, *, trial: bool) -> None:
    """Let a breaker know how a call went that was let through.

    While it is open or half-open only the trial counts: the others began before.
    """
    state = breaker.current_state
    if verdict is Verdict.UNKNOWN or not (trial or state == STATE_CLOSED):
        return
    if trial and state == STATE_OPEN:
        breaker.half_open()
    with suppress(CircuitBreakerError, _IllError):
        breaker.call(_be_ill if verdict is Verdict.ILL else _be_well)


def left_alone(target: str, rules: BreakerRules, rest: float) -> TemporaryError:
    """Why a call was not made."""
    calls = "call" if rules.failures == 1 else f"{rules.failures} calls"
    return TemporaryError(
        f"{target} was not called: its last {calls} found it out of reach, without an answer in time or with an error "
        f"of its own (5xx), so it is left alone for another {max(round(rest), 1)} s",
        arrived=False,
        retry_after=rest,
    )


class Teller(CircuitBreakerListener):
    """Tells of each change."""

    def __init__(self, target: str, clock: Clock, told: Told) -> None:
        self._target = target
        self._clock = clock
        self._told = told

    def state_change(self, cb: CircuitBreaker, old_state: Any, new_state: Any) -> None:  # noqa: ARG002 - pybreaker's
        """Pass it on."""
        self._told(Change(target=self._target, state=new_state.name, at=self._clock.now(), failures=cb.fail_counter))


class _ClockedStorage(CircuitMemoryStorage):
    """Opens at the time of our clock."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(STATE_CLOSED)
        self._clock = clock

    @property
    def opened_at(self) -> dt.datetime | None:
        return self._opened_at

    @opened_at.setter
    def opened_at(self, _: dt.datetime) -> None:
        self._opened_at = self._clock.now()

    def opened_at_else(self, at: dt.datetime) -> None:
        """As it was elsewhere."""
        self._opened_at = at


class _IllError(Exception):
    """A call found its target ill."""


def _be_ill() -> None:
    raise _IllError


def _be_well() -> None:
    pass
