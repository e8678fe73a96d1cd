"""Whoever watches is told everything once, in order, however often it leaves and comes back, and nothing of others."""

from __future__ import annotations

import asyncio
import random
import threading
from collections import Counter

import pytest
from airflow.models.taskinstance import TaskInstance
from airflow.utils.session import create_session
from sqlalchemy import select, update

from api_plugin import watching
from api_plugin.airflow_state import LEFT
from api_plugin.clock import utc_now
from api_plugin.store.requests import Request
from api_plugin.store.watched import read_marks
from api_plugin.watching import Watchtower, derive_messages
from catalog_compiler.run_format import PROGRESS_KEY
from tests.api_plugin.runs import a_report
from tests.items import action, compiled_item

ITEM = compiled_item("queue", action("a"), action("b"))


@pytest.fixture
def order(world):
    """Makes requests."""
    world.publish(ITEM)
    world.parse(ITEM)
    return world.order


def changes(world, request):
    """What happens to a request in Airflow, one change after the other."""
    yield lambda: world.run(request, "running")
    for name in ("a", "b"):
        yield lambda name=name: world.task(request, name, "deferred")
        link = {"try_number": 1, "url": f"https://x.example/{name}"}
        yield lambda name=name, link=link: world.left(request, name, PROGRESS_KEY, link)
        yield lambda name=name: world.task(request, name, "success", a_report())
    yield lambda: world.run(request, "success")


async def until_end(tower, request_id, since=0, leave_after=None):
    """The messages of one visit: up to `end`, or up to so many."""
    messages = []
    async with tower.watch(request_id, since) as watcher:
        while len(messages) != leave_after and (not messages or messages[-1]["type"] != "end"):
            messages.append(await asyncio.wait_for(watcher.next(), 30))
    return messages


async def come_and_go(tower, request_id, chance):
    """Everything that a reader got who leaves after a few messages, and comes back where it was."""
    seen, since = [], 0
    while not seen or seen[-1]["type"] != "end":
        seen += await until_end(tower, request_id, since, chance.randint(1, 3))
        since = seen[-1]["seq"]
        await asyncio.sleep(chance.random() / 50)
    return seen


@pytest.mark.parametrize("seed", range(3))
def test_who_comes_and_goes_misses_and_repeats_nothing(world, order, seed):
    """Several readers of several requests, each leaving and coming back at random, on two processes' towers."""
    chance = random.Random(seed)
    made = [order(fields={"name": f"n{number}"}) for number in range(3)]
    towers = [Watchtower(interval=0.01), Watchtower(interval=0.01)]

    def happen():
        steps = [iter(list(changes(world, request))) for request in made]
        while steps:
            one = chance.choice(steps)
            if (step := next(one, None)) is None:
                steps.remove(one)
            else:
                step()

    async def watch():
        readers = [
            come_and_go(towers[number % 2], request.id, random.Random(f"{seed}-{number}"))
            for number, request in enumerate([*made, *made])
        ]
        async with towers[0].running(), towers[1].running():
            *found, _ = await asyncio.gather(*readers, asyncio.to_thread(happen))
        return found

    found = asyncio.run(watch())

    for request, messages in zip([*made, *made], found, strict=True):
        whole = [event.seq for event in world.events(request)]
        assert {str(request.id)} == {message["request_id"] for message in messages}
        assert whole == [message["seq"] for message in messages if message["type"] != "end"]
        assert whole == list(range(1, len(whole) + 1))
        assert ("end", "completed") == (messages[-1]["type"], messages[-1]["status"])


def test_who_comes_while_others_are_told_is_told_everything(world, order, monkeypatch):
    """Though what was just read for the others begins later."""
    request = order()
    world.run(request, "running")
    read, come = threading.Event(), threading.Event()

    def slowly(behind):
        found = derive_messages(behind)
        read.set()
        come.wait(60)
        return found

    monkeypatch.setattr(watching, "derive_messages", slowly)
    tower = Watchtower(interval=0.01)

    async def watch():
        async with tower.running(), tower.watch(request.id, 3) as early:
            await asyncio.to_thread(read.wait, 60)
            async with tower.watch(request.id, 0) as late:
                come.set()
                return (await early.next())["seq"], [(await late.next())["seq"] for _ in range(4)]

    assert (4, [1, 2, 3, 4]) == asyncio.run(watch())


def test_a_look_at_what_has_not_changed_derives_nothing(world, order, monkeypatch):
    """However many are watched, and however often: one question tells."""
    made = [order(fields={"name": f"n{number}"}) for number in range(5)]
    derived = Counter()

    def counted(behind):
        derived.update(list(behind))
        return derive_messages(behind)

    monkeypatch.setattr(watching, "derive_messages", counted)
    tower = Watchtower(interval=60)

    async def look():
        async with tower.watch(made[0].id, 3), tower.watch(made[1].id, 3), tower.watch(made[2].id, 3):
            for _ in range(5):
                await tower.look()
            world.run(made[1], "running")
            await tower.look()
            await tower.look()

    asyncio.run(look())

    assert {made[0].id: 1, made[1].id: 2, made[2].id: 1} == derived


def marks(request):
    """How the request stands in Airflow."""
    with create_session(scoped=False) as session:
        return read_marks(session, [request.id], LEFT)[request.id].of_airflow


def test_every_change_of_airflow_shows(world, order):
    """In the run, its tasks and what they left; also one by a process whose clock is behind."""
    request = order()
    seen = [marks(request)]
    for change in changes(world, request):
        change()
        seen.append(marks(request))
    early = utc_now().replace(year=2020)
    world.session.execute(update(TaskInstance).values(updated_at=early))
    world.session.commit()
    seen.append(marks(request))

    assert len(seen) == len(set(seen))


def test_what_another_is_deriving_is_looked_at_again(world, order):
    """What they see may be older than what was seen to have changed."""
    one, other = order(), order()
    world.run(one, "running")
    world.run(other, "running")
    with create_session(scoped=False) as session:
        session.execute(select(Request.id).where(Request.id == one.id).with_for_update())
        derived, messages = derive_messages({one.id: 3, other.id: 3})

    assert {other.id} == derived
    assert {str(other.id)} == {message["request_id"] for message in messages}


def test_a_request_whose_run_is_gone_is_told_of_as_it_is_stored(world, order):
    """Airflow's rows may be cleaned away."""
    request = order()
    request.status, request.ended_at = "completed", utc_now()
    request.run_id = "gone"
    world.session.commit()
    tower = Watchtower(interval=0.01)

    async def watch():
        async with tower.running():
            return await until_end(tower, request.id)

    assert [1, 2, 3, 3] == [message["seq"] for message in asyncio.run(watch())]
