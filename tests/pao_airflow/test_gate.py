"""The gate of an action: a place among the calls of its type, and a target that is not left alone."""

from __future__ import annotations

import asyncio

import pytest
from pao_actions.attempt_limit import attempt_limit
from pao_actions.exceptions import TemporaryError
from pao_actions.http_client import MAX_CONNECTIONS
from pao_actions.testing import FakeClock, MemoryLog
from pao_airflow.breaker import BreakerRules, ProcessMemory, Verdict
from pao_airflow.call_limits import TO_ONE_TARGET
from pao_airflow.gate import MOST_TARGETS, Breakers, Gates

from catalog_compiler.settings import PaoSettings

DEAD, SOUND = "dead.example:443", "sound.example:443"


class World:
    """Gates with a clock of their own; `changes` lists targets with their states."""

    def __init__(self, **options):
        self.clock = FakeClock()
        self.changes = []
        self.log = MemoryLog()
        settings = PaoSettings(fernet_key="k", breaker_failures=2, **options)
        self.gates = Gates(settings, told=self._told, clock=self.clock)

    def _told(self, change):
        self.changes.append((change.target, change.state))

    def gate(self, action_type="rest-api"):
        return self.gates.gate(action_type, self.log)

    async def call(self, target, *, ill=False, action_type="rest-api"):
        async with self.gate(action_type).call(target) as passage:
            if ill:
                passage.ill()

    async def open(self, target=DEAD):
        for _ in range(2):
            await self.call(target, ill=True)


def test_one_target_that_is_ill_is_left_alone():
    """By every type; other targets are not."""
    world = World()

    async def calls():
        await world.open()
        await world.call(SOUND)
        with pytest.raises(TemporaryError, match=r"^dead\.example:443 was not called: "):
            await world.call(DEAD, action_type="webhook")

    asyncio.run(calls())

    assert [(DEAD, "open")] == world.changes


def test_an_error_that_is_not_the_targets_counts_as_well():
    """It answered, after all."""
    world = World()

    async def failing(*, ill):
        async with world.gate().call(DEAD) as passage:
            if ill:
                passage.ill()
            raise ValueError("no")

    for ill in (True, False) * 9:
        with pytest.raises(ValueError, match="no"):
            asyncio.run(failing(ill=ill))

    assert [] == world.changes


async def cancelled(task):
    """Let a task come to where it waits, and stop it there."""
    for _ in range(3):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait({task})


def test_a_person_who_stops_an_action_says_nothing_of_its_target():
    """However many do."""
    world = World()

    async def forever():
        async with world.gate().call(DEAD):
            await asyncio.Event().wait()

    async def stopped():
        for _ in range(5):
            await cancelled(asyncio.create_task(forever()))

    asyncio.run(stopped())

    assert [] == world.changes


def test_a_call_that_is_stopped_may_say_that_its_target_is_ill():
    """Where its time is over because the target used it up."""
    world = World()

    async def forever():
        async with world.gate().call(DEAD) as passage:
            passage.ill()
            await asyncio.Event().wait()

    async def stopped():
        for _ in range(2):
            await cancelled(asyncio.create_task(forever()))

    asyncio.run(stopped())

    assert [(DEAD, "open")] == world.changes


def test_a_trial_that_a_person_stops_is_not_lost():
    """The next call is the trial."""
    world = World()

    async def forever():
        async with world.gate().call(DEAD):
            await asyncio.Event().wait()

    async def stopped():
        await world.open()
        world.clock.advance(31)
        await cancelled(asyncio.create_task(forever()))
        await world.call(DEAD)

    asyncio.run(stopped())

    assert [(DEAD, state) for state in ("open", "half-open", "half-open", "closed")] == world.changes


class Crowd:
    """Calls that are held until they are let go; `inside` are those on their way, in their order."""

    def __init__(self, world):
        self.world = world
        self.inside = []
        self.let_go = asyncio.Event()
        self.most = 0

    async def call(self, name, target=SOUND, action_type="rest-api"):
        async with self.world.gate(action_type).call(target):
            self.inside.append(name)
            await self.let_go.wait()

    async def come(self, *names, **more):
        tasks = []
        for name in names:
            tasks.append(asyncio.create_task(self.call(name, **more)))
            for _ in range(5):
                await asyncio.sleep(0)
        return tasks


def test_calls_of_a_type_beyond_its_limit_wait():
    """Whatever their targets; in the order in which they came. Other types are not held up."""
    world = World(call_limits="rest-api=2")

    async def crowd():
        crowd = Crowd(world)
        tasks = await crowd.come("a", "b", "c", "d")
        first = list(crowd.inside)
        tasks += await crowd.come("other", action_type="webhook")
        tasks[2].cancel()
        crowd.let_go.set()
        await asyncio.wait(tasks)
        return first, crowd.inside

    assert (["a", "b"], ["a", "b", "other", "d"]) == asyncio.run(crowd())
    assert [("call_waits_its_turn", {"target": SOUND})] * 2 == world.log.events


def test_places_are_given_in_the_order_in_which_they_were_asked_for():
    """Nobody starves."""
    world = World(call_limits="rest-api=1")
    names = [str(number) for number in range(50)]

    async def crowd():
        crowd = Crowd(world)
        tasks = await crowd.come(*names)
        crowd.let_go.set()
        await asyncio.gather(*tasks)
        return crowd.inside

    assert names == asyncio.run(crowd())


def test_a_slow_target_that_is_called_very_often_leaves_the_others_room():
    """And nothing that it has too much of waits among the connections, where its time would run."""
    world = World()
    many = [str(number) for number in range(TO_ONE_TARGET)]

    async def crowd():
        crowd = Crowd(world)
        tasks = [*await crowd.come(*many), *await crowd.come("one too many"), *await crowd.come("other", target=DEAD)]
        inside = list(crowd.inside)
        crowd.let_go.set()
        await asyncio.gather(*tasks)
        return inside, crowd.inside[-1]

    assert ([*many, "other"], "one too many") == asyncio.run(crowd())


def test_calls_that_wait_for_their_types_place_keep_no_other_type_from_their_target():
    """However many they are."""
    world = World(call_limits="rest-api=1")
    many = [str(number) for number in range(TO_ONE_TARGET + 1)]

    async def crowd():
        crowd = Crowd(world)
        tasks = [*await crowd.come(*many), *await crowd.come("other", action_type="webhook")]
        inside = list(crowd.inside)
        crowd.let_go.set()
        await asyncio.gather(*tasks)
        return inside

    assert ["0", "other"] == asyncio.run(crowd())


def test_no_more_calls_are_on_their_way_than_there_are_connections():
    """However many targets they have."""
    world = World()

    async def crowd():
        crowd = Crowd(world)
        tasks = [await crowd.come("x", target=f"{number}.example:443") for number in range(MAX_CONNECTIONS + 1)]
        inside = len(crowd.inside)
        crowd.let_go.set()
        await asyncio.gather(*(task for each in tasks for task in each))
        return inside, len(crowd.inside)

    assert (MAX_CONNECTIONS, MAX_CONNECTIONS + 1) == asyncio.run(crowd())


def test_waiting_for_a_place_takes_nothing_from_the_attempts_time():
    """However long it is."""
    world = World(call_limits="rest-api=1")

    async def attempt(limits):
        async with attempt_limit(3600) as limit:
            limits.append(limit)
            async with world.gate().call(SOUND):
                return limit.when() is not None

    async def crowd():
        crowd, limits = Crowd(world), []
        tasks = await crowd.come("first")
        waiting = asyncio.create_task(attempt(limits))
        for _ in range(5):
            await asyncio.sleep(0)
        stands_still = limits[0].when() is None
        crowd.let_go.set()
        await asyncio.gather(*tasks)
        return stands_still, await waiting

    assert (True, True) == asyncio.run(crowd())


def test_who_waits_for_a_trial_holds_no_place():
    """A dead target does not keep the calls to others waiting."""
    world = World(call_limits="rest-api=2")

    async def crowd():
        await world.open()
        world.clock.advance(31)
        crowd = Crowd(world)
        tasks = await crowd.come(*range(20), target=DEAD)
        tasks += await crowd.come("other")
        inside = list(crowd.inside)
        crowd.let_go.set()
        await asyncio.wait(tasks)
        return inside

    assert [0, "other"] == asyncio.run(crowd())


def test_who_got_a_place_asks_again_whether_the_target_is_left_alone():
    """It may have fallen ill while the call waited; nothing is sent to it then."""
    world = World(call_limits="rest-api=1")

    async def one():
        try:
            async with world.gate().call(DEAD) as passage:
                # All others come, and wait for the one place.
                await asyncio.sleep(0)
                passage.ill()
        except TemporaryError:
            return "left alone"
        return "called"

    async def crowd():
        return await asyncio.gather(*(one() for _ in range(100)))

    assert [*["called"] * 2, *["left alone"] * 98] == asyncio.run(crowd())


def test_a_trial_that_is_stopped_while_it_waits_for_a_place_is_not_lost():
    """The next call is the trial."""
    world = World(call_limits="rest-api=1")

    async def crowd():
        await world.open()
        world.clock.advance(31)
        crowd = Crowd(world)
        holder = await crowd.come("holder")
        (trial,) = await crowd.come("trial", target=DEAD)
        trial.cancel()
        await asyncio.wait({trial})
        crowd.let_go.set()
        await asyncio.wait(holder)
        async with asyncio.timeout(5):
            await world.call(DEAD)

    asyncio.run(crowd())

    assert (DEAD, "closed") == world.changes[-1]


def test_places_are_given_back_whatever_happens():
    """By calls that fail, are refused, or are cancelled while they wait."""
    world = World(call_limits="rest-api=1")

    async def calls():
        crowd = Crowd(world)
        (holder, waiter) = await crowd.come("a", "b")
        waiter.cancel()
        holder.cancel()
        await asyncio.wait({holder, waiter})
        await world.open()
        with pytest.raises(TemporaryError):
            await world.call(DEAD)
        with pytest.raises(ValueError, match="no"):
            async with world.gate().call(SOUND):
                raise ValueError("no")
        await world.call(SOUND)

    asyncio.run(calls())


def test_targets_that_are_well_and_unused_are_forgotten():
    """Memory does not grow with the number of hosts that were ever called."""
    rules, clock = BreakerRules(failures=1, seconds=30), FakeClock()
    breakers = Breakers(rules, lambda target: ProcessMemory(target, rules, clock, lambda _: None), clock)

    async def calls():
        breakers.of(DEAD).leave(Verdict.ILL, trial=await breakers.of(DEAD).enter())
        for number in range(MOST_TARGETS + 10):
            breakers.of(str(number)).leave(Verdict.WELL, trial=await breakers.of(str(number)).enter())

    asyncio.run(calls())

    assert (False, 12) == (breakers.of(DEAD).closed(), len(breakers))
