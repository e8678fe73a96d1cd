"""Processes that share a Redis leave a target alone together; without it, each does by itself."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from datetime import UTC, datetime

import pytest
import structlog
from pao_actions.exceptions import TemporaryError
from pao_actions.testing import FakeClock
from pao_airflow.breaker import BreakerRules, Verdict
from pao_airflow.gate import Gates
from pao_airflow.shared_breaker import SharedMemory
from pao_airflow.shared_redis import RedisAwayError, SharedRedis
from pao_airflow.target_breaker import TargetBreaker
from redis import Redis

from catalog_compiler.settings import PaoSettings
from tests.redis_server import RedisServer

RULES = BreakerRules(failures=3, seconds=30.0)
TARGET = "db.example:443"
ILL, WELL, UNKNOWN = Verdict.ILL, Verdict.WELL, Verdict.UNKNOWN


class RunningClock(FakeClock):
    """Starts at the present time, which Redis is told, and lets others work while one sleeps."""

    def __init__(self):
        super().__init__()
        self._now = datetime.now(UTC)

    async def sleep(self, _seconds):
        await asyncio.sleep(0)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with RedisServer.started(tmp_path_factory.mktemp("redis")) as started:
        yield started


@pytest.fixture
def redis(server):
    """What is in it is gone afterwards; it runs, whatever a test did."""
    if server.process is None:
        server.start()
    client = server.client()
    client.flushall()
    return server


class Process:
    """A process with its breaker; `changes` lists the states that it told."""

    def __init__(self, redis, clock, *, fresh=0.0, seconds=30.0):
        self.changes = []
        self.redis = SharedRedis(redis.url, seconds=seconds, pause=0.0)
        self.memory = SharedMemory(TARGET, RULES, self.redis, clock, self.told, fresh=fresh)
        self.breaker = TargetBreaker(TARGET, RULES, self.memory, clock)

    def told(self, change):
        self.changes.append(change.state)

    async def call(self, verdict):
        """Make a call, and return when it is noted; True where it was the trial."""
        trial = await self.breaker.enter()
        self.breaker.leave(verdict, trial=trial)
        await self.noted()
        return trial

    async def calls(self, *verdicts):
        return [await self.call(verdict) for verdict in verdicts]

    async def noted(self):
        """Return when all that was begun before is done."""
        for _ in range(3):
            await asyncio.sleep(0)
            with suppress(RedisAwayError):
                await self.redis.submit(lambda redis: redis.ping())


def two(redis):
    clock = RunningClock()
    return Process(redis, clock), Process(redis, clock), clock


def test_failures_are_counted_together(redis):
    """Whoever finds it ill; then all leave it alone."""

    async def story():
        one, other, _ = two(redis)
        await one.calls(ILL, ILL)
        await other.call(ILL)
        for each in (one, other):
            with pytest.raises(TemporaryError, match="was not called: its last 3 calls found it out of reach"):
                await each.breaker.enter()
        return one.changes, other.changes

    assert (["open"], ["open"]) == asyncio.run(story())


def test_a_call_that_went_well_begins_the_count_anew(redis):
    """Whoever's it was."""

    async def story():
        one, other, _ = two(redis)
        await one.calls(ILL, ILL)
        await other.call(WELL)
        await one.calls(ILL, ILL)
        return one.breaker.closed()

    assert asyncio.run(story()) is True


def test_one_process_tries_it_and_the_others_wait_for_how_it_goes(redis):
    """Then all call it again."""

    async def story():
        one, other, clock = two(redis)
        await one.calls(ILL, ILL, ILL)
        clock.advance(31)
        assert await one.breaker.enter() is True
        waiting = [asyncio.create_task(other.call(WELL)) for _ in range(20)]
        await other.noted()
        assert not any(each.done() for each in waiting)
        one.breaker.leave(WELL, trial=True)
        return await asyncio.gather(*waiting), one.changes, other.changes[-1]

    assert ([False] * 20, ["open", "half-open", "closed"], "closed") == asyncio.run(story())


def test_a_trial_that_found_it_ill_opens_it_for_all(redis):
    """Those that waited are refused."""

    async def story():
        one, other, clock = two(redis)
        await one.calls(ILL, ILL, ILL)
        clock.advance(31)
        assert await one.breaker.enter() is True
        waiting = asyncio.create_task(other.call(WELL))
        await other.noted()
        # Redis is told the real time when it opens again.
        clock.advance(-31)
        one.breaker.leave(ILL, trial=True)
        with pytest.raises(TemporaryError):
            await waiting

    asyncio.run(story())


def test_no_state_is_acted_on_that_was_not_told(redis, monkeypatch):
    """Though other processes change it between any two commands."""
    get = Redis.get

    def get_and_change(client, name):
        state = get(client, name)
        if name.endswith(":state"):
            client.set(name, {b"closed": "open", b"open": "half-open", b"half-open": "closed"}[state])
        return state

    async def story():
        process = Process(redis, RunningClock())
        await process.memory.read()
        monkeypatch.setattr(Redis, "get", get_and_change)
        for _ in range(5):
            reading = await process.memory.read()
            assert ["closed", *process.changes][-1] == reading.state
        return process.changes

    assert asyncio.run(story()) != []


@pytest.mark.parametrize("moment", ["while it is taken", "while the call is made"])
def test_a_trial_that_is_stopped_is_given_back(redis, moment):
    """The next call is the trial, in whichever process."""

    async def story():
        clock = RunningClock()
        one, other = Process(redis, clock, fresh=3600), Process(redis, clock)
        await one.calls(ILL, ILL, ILL)
        clock.advance(31)
        if moment == "while it is taken":
            answers = threading.Event()
            one.redis.submit(lambda _: answers.wait())
            task = asyncio.create_task(one.breaker.enter())
            await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait({task})
            answers.set()
        else:
            assert await one.breaker.enter() is True
            one.breaker.leave(UNKNOWN, trial=True)
        await one.noted()
        return await other.call(WELL), other.breaker.closed()

    assert (True, True) == asyncio.run(story())


def test_a_trial_of_a_process_that_died_is_over_in_time(redis):
    """Nobody has to give it back."""

    async def story():
        one, other, clock = two(redis)
        await one.calls(ILL, ILL, ILL)
        clock.advance(31)
        assert await one.breaker.enter() is True
        lasts = redis.client().pttl(f"pao:breaker:{TARGET}:trial")
        redis.client().delete(f"pao:breaker:{TARGET}:trial")
        return 0 < lasts <= 60_000, await other.call(WELL)

    assert (True, True) == asyncio.run(story())


def test_calls_that_go_well_write_nothing(redis):
    """What was read counts for a while, so thousands of calls cost Redis nothing."""

    async def story():
        process = Process(redis, RunningClock(), fresh=3600)
        await process.call(WELL)
        redis.client().config_resetstat()
        for _ in range(1000):
            trial = await process.breaker.enter()
            process.breaker.leave(WELL, trial=trial)
        return redis.client().info("commandstats")

    asked = asyncio.run(story())
    assert [] == [name for name in asked if name.removeprefix("cmdstat_") in {"get", "set", "incr", "setnx"}]


def test_redis_forgets_targets_that_nobody_calls(redis):
    """After a day."""

    async def story():
        await Process(redis, RunningClock()).calls(ILL, ILL, ILL)

    asyncio.run(story())

    client = redis.client()
    lasting = {key for key in client.keys("pao:breaker:*") if not 0 < client.ttl(key) <= 24 * 3600}
    assert set() == lasting


def test_without_redis_each_process_finds_out_by_itself(redis):
    """That it is away is told once, and without the password; nobody waits for it."""
    redis.stop()

    async def story():
        one, other, _ = two(redis)
        await one.calls(ILL, ILL, ILL)
        with pytest.raises(TemporaryError):
            await one.breaker.enter()
        return await other.calls(WELL, WELL), one.changes

    with structlog.testing.capture_logs() as logs:
        result = asyncio.run(story())

    assert ([False, False], ["open"]) == result
    assert ["warning", "warning"] == [each["log_level"] for each in logs]


def test_what_was_known_holds_while_redis_is_away(redis):
    """And what Redis knows holds when it is back, which is told."""

    async def story():
        one, _, clock = two(redis)
        await one.calls(ILL, ILL, ILL)
        redis.stop()
        with pytest.raises(TemporaryError):
            await one.breaker.enter()
        clock.advance(31)
        alone = await one.call(WELL)
        redis.start()
        return alone, await one.call(WELL), one.breaker.closed()

    with structlog.testing.capture_logs() as logs:
        assert (True, False, True) == asyncio.run(story())

    assert ["warning", "info"] == [each["log_level"] for each in logs]
    assert "redis is back" == logs[-1]["event"]


def test_a_trial_goes_on_where_redis_goes_away_meanwhile(redis):
    """How it went is noted here."""

    async def story():
        one, _, clock = two(redis)
        await one.calls(ILL, ILL, ILL)
        clock.advance(31)
        assert await one.breaker.enter() is True
        redis.stop()
        waiting = asyncio.create_task(one.call(WELL))
        one.breaker.leave(WELL, trial=True)
        return await waiting, one.breaker.closed()

    assert (False, True) == asyncio.run(story())


def test_a_slow_redis_holds_no_call_up(redis):
    """It is as good as away."""

    async def story():
        process = Process(redis, RunningClock(), seconds=0.02)
        await process.call(WELL)
        with redis.stalled():
            return await process.calls(WELL, ILL, ILL, ILL), process.breaker.closed()

    assert ([False] * 4, False) == asyncio.run(story())


def test_what_redis_holds_may_be_anything(redis):
    """Somebody else's, by mistake: each process finds out by itself then, and a warning says why."""
    key = f"pao:breaker:{TARGET}:pybreaker"
    redis.client().mset({f"{key}:state": "ajar", f"{key}:fail_counter": "many"})

    async def story():
        process = Process(redis, RunningClock())
        return await process.calls(WELL, ILL, ILL, ILL), process.breaker.closed()

    with structlog.testing.capture_logs() as logs:
        assert ([False] * 4, False) == asyncio.run(story())

    assert "ValueError: Unknown state 'ajar'" in logs[0]["error"]


def test_a_password_is_never_told(redis, tmp_path):
    """Nor is a wrong one an outage that anyone waits for."""
    settings = PaoSettings(fernet_key="k", redis_url=f"{redis.url}?password=hunter22hunter", breaker_failures=1)

    async def story():
        gate = Gates(settings, told=lambda _: None).gate("rest-api", structlog.get_logger())
        async with gate.call(TARGET) as passage:
            passage.ill()
        with pytest.raises(TemporaryError):
            async with gate.call(TARGET):
                pass

    with structlog.testing.capture_logs() as logs:
        asyncio.run(story())

    assert 1 == len(logs)
    assert "hunter22hunter" not in str(logs)
