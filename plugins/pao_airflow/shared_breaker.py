"""The breaker of one target, kept in Redis for all processes. While Redis is away, each process has its own.

The event loop never waits for Redis for longer than a moment: what was read counts for some hundred milliseconds, and
how a call went is noted in a thread.
"""

from __future__ import annotations

import asyncio
import sys
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import NoReturn

from pybreaker import STATE_CLOSED, CircuitBreaker, CircuitRedisStorage
from redis import Redis

from catalog_compiler.actions import Clock
from pao_airflow.breaker import (
    BreakerRules,
    Change,
    ProcessMemory,
    Reading,
    Teller,
    Told,
    Verdict,
    note,
    reading_of,
)
from pao_airflow.shared_redis import RedisAwayError, SharedRedis

FRESH_SECONDS = 0.3
"""For so long what was read counts."""
KEPT_SECONDS = 24 * 3600
"""For so long Redis keeps what is known of a target that nobody calls."""
TRIAL_SECONDS = 60.0
"""For so long, at least, other processes leave a trial to the one that began it, which may have died."""


class SharedMemory:
    """A target's breaker in Redis, as one event loop sees it."""

    def __init__(  # noqa: PLR0913 - all but the last are what makes a breaker
        self,
        target: str,
        rules: BreakerRules,
        redis: SharedRedis,
        clock: Clock,
        told: Told,
        *,
        fresh: float = FRESH_SECONDS,
    ) -> None:
        """`told` is called for each change, on the event loop; `fresh` is how long a reading counts, in seconds."""
        self._fresh = fresh
        self._redis = redis
        self._target = target
        self._rules = rules
        self._clock = clock
        self._own = ProcessMemory(target, rules, clock, told)
        self._namespace = f"pao:breaker:{target}"
        self._trial_key = f"{self._namespace}:trial"
        self._token = uuid.uuid4().hex
        self._teller = Teller(target, clock, partial(_tell, asyncio.get_running_loop(), told))
        self._breaker: CircuitBreaker | None = None
        self._reading: Reading | None = None
        self._read_at = float("-inf")
        self._looking: asyncio.Future[Reading] | None = None

    async def read(self) -> Reading:
        """Its state: fresh, or this process's own where Redis does not answer."""
        if self._reading is None or time.monotonic() - self._read_at >= self._fresh:
            await self._look()
        return self.known()

    def known(self) -> Reading:
        """What was read last; this process's own state where Redis does not answer."""
        return self._reading or self._own.known()

    async def begin_trial(self) -> bool:
        """Half-open it, where no other process has; taken back where this is cancelled meanwhile."""
        if self._reading is None:
            return await self._own.begin_trial()
        taking = self._redis.submit(self._take)
        try:
            taken = await asyncio.shield(taking)
        except RedisAwayError:
            self._lose()
            return await self._own.begin_trial()
        except asyncio.CancelledError:
            taking.add_done_callback(lambda _: self._redis.submit(self._give_back))
            raise
        return taken

    def record(self, verdict: Verdict, *, trial: bool, then: Callable[[], None]) -> None:
        """Note how a call went, where it matters: a call that went well, as those before it did, is not written."""
        reading = self._reading
        if reading is None:
            self._own.record(verdict, trial=trial, then=then)
            return
        settled = reading.state == STATE_CLOSED and reading.failures == 0 and verdict is Verdict.WELL
        if not trial and (settled or verdict is Verdict.UNKNOWN):
            then()
            return
        writing = self._redis.submit(lambda redis: self._write(redis, verdict, trial=trial))
        writing.add_done_callback(lambda done: self._written(done, verdict, trial=trial, then=then))

    def _written(
        self, done: asyncio.Future[Reading], verdict: Verdict, *, trial: bool, then: Callable[[], None]
    ) -> None:
        if done.exception() is None:
            self._keep(done.result())
            then()
        else:
            self._lose()
            self._own.record(verdict, trial=trial, then=then)

    async def _look(self) -> None:
        """Read it, once for all that ask at the same time."""
        if self._redis.away:
            self._lose()
            return
        if self._looking is None:
            self._looking = self._redis.submit(self._read)
            self._looking.add_done_callback(self._looked)
        # Those before it may keep the thread: then this process's own knowledge counts.
        await asyncio.wait({self._looking}, timeout=2 * self._redis.seconds)

    def _looked(self, done: asyncio.Future[Reading]) -> None:
        self._looking = None
        if done.exception() is None:
            self._keep(done.result())
        else:
            self._lose()

    def _keep(self, reading: Reading) -> None:
        self._reading, self._read_at = reading, time.monotonic()

    def _lose(self) -> None:
        """Go on alone from what is known."""
        if self._reading is not None:
            self._own.adopt(self._reading)
        self._reading = None

    # What follows runs in the thread of Redis.

    def _read(self, redis: Redis) -> Reading:
        breaker = self._shared(redis)
        # This tells of what other processes changed, so nothing else may be read: it may change again at any moment.
        state = breaker.state.name
        return reading_of(state, breaker._state_storage)  # noqa: SLF001 - it has no other way to its own storage

    def _take(self, redis: Redis) -> bool:
        lasts = int(max(self._rules.seconds, TRIAL_SECONDS) * 1000)
        if not redis.set(self._trial_key, self._token, nx=True, px=lasts):
            return False
        reading = self._read(redis)
        if reading.state == STATE_CLOSED or reading.rest(self._rules, self._clock.now()) > 0:
            # Another process's trial ended between our reading and this.
            self._give_back(redis)
            return False
        self._shared(redis).half_open()
        return True

    def _give_back(self, redis: Redis) -> None:
        if redis.get(self._trial_key) == self._token.encode():
            redis.delete(self._trial_key)

    def _write(self, redis: Redis, verdict: Verdict, *, trial: bool) -> Reading:
        if not trial and self._reading is not None and self._reading.state != STATE_CLOSED:
            # The last of many calls that a dead target held: those before them said it already.
            return self._reading
        note(self._shared(redis), verdict, trial=trial)
        if trial:
            self._give_back(redis)
        with redis.pipeline(transaction=False) as pipeline:
            for key in ("state", "fail_counter", "success_counter", "opened_at"):
                pipeline.expire(f"{self._namespace}:{CircuitRedisStorage.BASE_NAMESPACE}:{key}", KEPT_SECONDS)
            pipeline.execute()
        return self._read(redis)

    def _shared(self, redis: Redis) -> CircuitBreaker:
        if self._breaker is None:
            self._breaker = CircuitBreaker(
                fail_max=self._rules.failures,
                reset_timeout=self._rules.seconds,
                state_storage=_Storage(STATE_CLOSED, redis, namespace=self._namespace),
                listeners=[self._teller],
                name=self._target,
            )
        return self._breaker


def _tell(loop: asyncio.AbstractEventLoop, told: Told, change: Change) -> None:
    # A worker's loop ends with its task.
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(told, change)


class _Telling:
    """Stands in for the logger that pybreaker tells every error of Redis: here it goes on to whoever called."""

    def exception(self, *_: object) -> NoReturn:
        error = sys.exception()
        if error is None:
            raise RedisAwayError
        raise error


class _Storage(CircuitRedisStorage):
    logger = _Telling()  # type: ignore[assignment]
