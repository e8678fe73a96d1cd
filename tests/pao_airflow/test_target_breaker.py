"""A target that is ill is left alone, then tried by one call; whoever comes meanwhile loses nothing by it."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest
from pao_actions.exceptions import TemporaryError
from pao_actions.testing import FakeClock
from pao_airflow.breaker import BreakerRules, ProcessMemory, Verdict
from pao_airflow.target_breaker import TargetBreaker

RULES = BreakerRules(failures=3, seconds=30.0)


class Target:
    """One with its breaker; `changes` lists the states that were told."""

    def __init__(self):
        self.clock = FakeClock()
        self.changes = []
        memory = ProcessMemory("db.example:443", RULES, self.clock, self._told)
        self.breaker = TargetBreaker("db.example:443", RULES, memory, self.clock)

    def _told(self, change):
        self.changes.append((change.target, change.state, change.at, change.failures))

    @property
    def states(self):
        return [state for _, state, _, _ in self.changes]

    async def call(self, verdict):
        """Make one call; True where it was the trial."""
        trial = await self.breaker.enter()
        self.breaker.leave(verdict, trial=trial)
        return trial

    async def calls(self, *verdicts):
        return [await self.call(verdict) for verdict in verdicts]

    async def open(self):
        """Let it be found ill as often as it takes."""
        await self.calls(*[Verdict.ILL] * RULES.failures)


ILL, WELL, UNKNOWN = Verdict.ILL, Verdict.WELL, Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("verdicts", "closed"),
    [
        ([], True),
        ([ILL, ILL], True),
        ([ILL, ILL, ILL], False),
        ([ILL, ILL, WELL, ILL, ILL], True),
        ([ILL, ILL, WELL, ILL, ILL, ILL], False),
        ([ILL, ILL, UNKNOWN, ILL], False),
        ([UNKNOWN] * 9, True),
        ([WELL] * 9, True),
    ],
)
def test_it_opens_after_calls_in_a_row_that_found_it_ill(verdicts, closed):
    """One that went well begins the count anew; one that was stopped says nothing."""
    target = Target()

    asyncio.run(target.calls(*verdicts))

    assert closed is target.breaker.closed()
    assert ([] if closed else ["open"]) == target.states


@pytest.mark.parametrize(("passed", "rest"), [(0, 30), (12.25, 17.75), (29.9, 0.1)])
def test_an_open_one_refuses_with_what_is_left(passed, rest):
    """Nothing was sent, and it is worth trying again after that time."""
    target = Target()

    async def refused():
        await target.open()
        target.clock.advance(passed)
        await target.breaker.enter()

    with pytest.raises(TemporaryError) as caught:
        asyncio.run(refused())

    assert (False, pytest.approx(rest)) == (caught.value.arrived, caught.value.retry_after)
    assert (
        "db.example:443 was not called: its last 3 calls found it out of reach, without an answer in time or with an "
        f"error of its own (5xx), so it is left alone for another {max(round(rest), 1)} s"
    ) == str(caught.value)


@pytest.mark.parametrize(("verdict", "state"), [(WELL, "closed"), (ILL, "open")])
def test_one_call_tries_it_again(verdict, state):
    """It closes it, or opens it for as long again."""
    target = Target()

    async def tried():
        await target.open()
        target.clock.advance(30)
        trial = await target.call(verdict)
        if verdict is ILL:
            target.clock.advance(29)
            with pytest.raises(TemporaryError):
                await target.breaker.enter()
        return trial

    assert asyncio.run(tried()) is True
    assert ["open", "half-open", state] == target.states


@pytest.mark.parametrize(("verdict", "expected"), [(WELL, [False] * 1000), (ILL, ["refused"] * 1000)])
def test_who_comes_during_the_trial_waits_for_how_it_goes(verdict, expected):
    """One call reaches the target, whatever number waits; none of them is refused before it is known."""
    target = Target()

    async def one():
        try:
            return await target.call(WELL)
        except TemporaryError:
            return "refused"

    async def many():
        await target.open()
        target.clock.advance(31)
        assert await target.breaker.enter() is True
        waiting = [asyncio.create_task(one()) for _ in range(1000)]
        await asyncio.sleep(0)
        assert not any(each.done() for each in waiting)
        target.breaker.leave(verdict, trial=True)
        return await asyncio.gather(*waiting)

    assert expected == asyncio.run(many())


@pytest.mark.parametrize("number", [0, 1, 20])
def test_a_trial_that_is_stopped_is_taken_up_by_the_next(number):
    """It is not lost; those that waited are cancelled or go on, each for itself."""
    target = Target()

    async def one():
        return await target.call(WELL)

    async def stopped():
        await target.open()
        target.clock.advance(31)
        assert await target.breaker.enter() is True
        waiting = [asyncio.create_task(one()) for _ in range(number)]
        await asyncio.sleep(0)
        for each in waiting[::2]:
            each.cancel()
        target.breaker.leave(UNKNOWN, trial=True)
        await asyncio.wait(waiting) if waiting else None
        return [each.result() for each in waiting if not each.cancelled()], await one()

    assert ([True, *[False] * (number // 2 - 1)] if number > 1 else [], number <= 1) == asyncio.run(stopped())
    assert "closed" == target.states[-1]


@pytest.mark.parametrize("verdict", [WELL, ILL])
def test_calls_that_began_before_it_opened_decide_nothing(verdict):
    """Late answers of calls that were on their way; the trial alone does."""
    target = Target()

    async def late():
        early = [await target.breaker.enter() for _ in range(5)]
        await target.open()
        target.breaker.leave(verdict, trial=early[0])
        first = target.breaker.closed()
        target.clock.advance(31)
        trial = await target.breaker.enter()
        for each in early[1:]:
            target.breaker.leave(verdict, trial=each)
        second = target.breaker.closed()
        target.breaker.leave(WELL, trial=trial)
        return first, second, target.breaker.closed()

    assert (False, False, True) == asyncio.run(late())


def test_a_change_is_told_with_its_time():
    """And with the number of calls that it took."""
    target = Target()
    began = target.clock.now()

    asyncio.run(target.open())

    assert [("db.example:443", "open", began, 3)] == target.changes


def test_one_that_is_well_and_unused_is_forgettable():
    """None else."""
    target = Target()

    async def used():
        seen = [target.breaker.forgettable()]
        trial = await target.breaker.enter()
        seen.append(target.breaker.forgettable())
        target.breaker.leave(WELL, trial=trial)
        seen.append(target.breaker.forgettable())
        await target.call(ILL)
        seen.append(target.breaker.forgettable())
        await target.calls(ILL, ILL)
        with suppress(TemporaryError):
            await target.breaker.enter()
        target.clock.advance(31)
        await target.call(WELL)
        return [*seen, target.breaker.forgettable()]

    assert [True, False, True, False, True] == asyncio.run(used())
