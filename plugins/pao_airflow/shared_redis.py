"""A Redis that may be slow or away without anyone waiting for it: calls run in a thread, each within a moment.

After an error nothing is asked of it for some seconds, and that it is away is told once, as is that it is back.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar
from urllib.parse import urlsplit

import structlog
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

log = structlog.get_logger(__name__)

CALL_SECONDS = 0.25
"""What one command may take."""
PAUSE_SECONDS = 5.0
"""For so long nothing is asked of a Redis that failed."""

ValueT = TypeVar("ValueT")


class RedisAwayError(Exception):
    """Redis did not answer, or not a moment ago."""


class SharedRedis:
    """One Redis, for this process."""

    def __init__(self, url: str, *, seconds: float = CALL_SECONDS, pause: float = PAUSE_SECONDS) -> None:
        """Nothing is connected yet. `url` may hold a password, so only its host is ever told."""
        self.seconds = seconds
        """What one command may take."""
        self._pause = pause
        self._host = urlsplit(url).hostname or "its socket"
        self._client: Redis = Redis.from_url(
            url,
            socket_timeout=seconds,
            socket_connect_timeout=seconds,
            retry=Retry(NoBackoff(), 0),
            protocol=2,
        )
        # One thread, so that what was read before a change never counts after it.
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="pao-redis")
        self._away_until = 0.0
        self._told = False

    @property
    def away(self) -> bool:
        """Whether nothing is asked of it for now."""
        return time.monotonic() < self._away_until

    def submit(self, call: Callable[[Redis], ValueT]) -> asyncio.Future[ValueT]:
        """Start a call in the thread, after those before it; RedisAwayError where Redis does not answer."""
        future = asyncio.get_running_loop().run_in_executor(self._thread, self._run, call)
        # Not everyone waits for how it ends.
        future.add_done_callback(lambda done: done.cancelled() or done.exception())
        return future

    def _run(self, call: Callable[[Redis], ValueT]) -> ValueT:
        if self.away:
            raise RedisAwayError
        try:
            value = call(self._client)
        except Exception as error:
            # Whatever it is that Redis holds or says, calls go on without it.
            self._away_until = time.monotonic() + self._pause
            if not self._told:
                self._told = True
                log.warning(
                    "redis is away, so each process finds out for itself which targets are ill; it is asked again",
                    host=self._host, seconds=self._pause, error=f"{type(error).__name__}: {error}",
                )  # fmt: skip
            raise RedisAwayError from error
        if self._told:
            self._told = False
            log.info("redis is back", host=self._host)
        return value
