"""A thousand WebSockets on one process, and logs that are followed, over a real server."""

from __future__ import annotations

import asyncio
import json
from contextlib import ExitStack

import httpx
import pytest
from sqlalchemy import delete
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosedError

from api_plugin.permissions import Permission
from api_plugin.store.requests import Request
from catalog_compiler.open_files import room_for
from tests.api_plugin.conftest import a_caller
from tests.api_plugin.runs import a_report
from tests.api_plugin.serving import serving
from tests.api_plugin.task_logs import told, write_log
from tests.items import action, compiled_item
from tests.live.waiting import wait_for

ITEM = compiled_item("queue", action("a"), action("b"))
SOCKETS, WATCHED = 1000, 40
OPEN_AT_MOST = 20
"""Logs that one caller may have open, by default."""
SIGNED = {"Authorization": "Bearer known"}


@pytest.fixture
def host(world):
    """Where the API is served, with an item that can be ordered."""
    world.publish(ITEM)
    world.parse(ITEM)
    with serving(world, a_caller(Permission.REQUEST_READ)) as served:
        yield served


class Crowd:
    """Watchers that come a few at a time, until all are there."""

    def __init__(self, host, size):
        self.complete = asyncio.Event()
        self._host = host
        self._missing = size
        self._coming = asyncio.Semaphore(50)

    async def watch(self, request_id):
        """Every message, and the code that the server closed with."""
        url = f"ws://{self._host}/ws/requests/{request_id}/status?since=0"
        async with self._coming:
            socket = await connect(url, additional_headers=SIGNED, proxy=None, open_timeout=60)
            first = json.loads(await socket.recv())
            self._missing -= 1
        if not self._missing:
            self.complete.set()
        return [first] + [json.loads(text) async for text in socket], socket.close_code


def test_a_thousand_watchers_are_told_everything_and_nothing_of_others(world, host):
    """Some come while others are told. How soon they are told is measured by `make bench`."""
    room_for(2 * SOCKETS)
    made = [world.order(fields={"name": f"n{number}"}) for number in range(WATCHED)]

    def happen(task, state, report=None):
        for request in made:
            world.task(request, task, state, report)

    async def watch():
        crowd = Crowd(host, SOCKETS)
        watchers = [asyncio.create_task(crowd.watch(made[number % WATCHED].id)) for number in range(SOCKETS)]
        await asyncio.to_thread(lambda: [world.run(request, "running") for request in made])
        await asyncio.to_thread(happen, "a", "deferred")
        await crowd.complete.wait()
        await asyncio.to_thread(happen, "a", "success", a_report())
        await asyncio.to_thread(happen, "b", "success", a_report())
        await asyncio.to_thread(lambda: [world.run(request, "success") for request in made])
        return await asyncio.gather(*watchers)

    found = asyncio.run(asyncio.wait_for(watch(), 120))

    whole = {str(request.id): [event.seq for event in world.events(request)] for request in made}
    for number, (messages, code) in enumerate(found):
        request_id = str(made[number % WATCHED].id)
        assert (1000, "end") == (code, messages[-1]["type"])
        assert {request_id} == {message["request_id"] for message in messages if message["type"] != "ping"}
        assert whole[request_id] == [message["seq"] for message in messages if message["type"] in {"status", "action"}]


def following(host, request, **headers):
    """The log as it grows."""
    url = f"http://{host}/api/v1/requests/{request.id}/logs?follow=true"
    return httpx.stream("GET", url, headers=SIGNED | headers, timeout=60, trust_env=False)


def test_a_log_is_followed_while_it_grows(world, host):
    """Line by line, also by who takes compressed answers; from what was there before to the request's end."""
    request = world.order()
    run = (request.dag_id, request.run_id)
    world.run(request, "running")
    world.task(request, "a", "deferred")
    write_log(run, "a", told(1, "attempt_started", attempt=1))
    seen = []
    with following(host, request, **{"Accept-Encoding": "gzip"}) as answer:
        for line in answer.iter_lines():
            seen += [json.loads(line)] if line else []
            match seen[-1]["event"] if seen else None:
                case "attempt_started":
                    write_log(run, "a", told(2, "one", text="x" * 3000) + told(3, "two"))
                case "two":
                    write_log(run, "b", told(4, "three", action="b"), suffix="")
                    world.task(request, "a", "success", a_report())
                    world.task(request, "b", "running")
                case "three":
                    world.task(request, "b", "success", a_report())
                    write_log(run, "b", told(5, "four", action="b"), suffix="")
                    world.run(request, "success")

    assert ["attempt_started", "one", "two", "three", "four"] == [
        entry["event"] for entry in seen if entry["source"] == "action"
    ]
    assert "request completed" in [entry["message"] for entry in seen]


def test_followers_that_leave_make_room(world, host):
    """A caller may have so many logs open at once, and whoever leaves is noticed."""
    request = world.order()

    def one_more():
        with following(host, request) as answer:
            return answer.status_code

    with ExitStack() as crowd:
        statuses = [crowd.enter_context(following(host, request)).status_code for _ in range(OPEN_AT_MOST)]
        assert ([200] * OPEN_AT_MOST, 429) == (statuses, one_more())
    wait_for(lambda: one_more() == 200, "the others are known to have left")


def test_what_actions_log_comes_over_the_socket_to_who_asks(world, host):
    """Among the changes, before the end, and from where a watcher was, though it is no event of the request."""
    request = world.order()
    run = (request.dag_id, request.run_id)
    world.run(request, "running")
    world.task(request, "a", "deferred")
    write_log(run, "a", told(1, "one") + "".join(told(2, "more") for _ in range(300)))

    async def watch(query):
        url = f"ws://{host}/ws/requests/{request.id}/status?since=0{query}"
        async with connect(url, additional_headers=SIGNED, proxy=None) as socket:
            messages = []
            async for text in socket:
                messages.append(json.loads(text))
                if messages[-1].get("event") == "one":
                    await asyncio.to_thread(finish)
            return messages, socket.close_code

    def finish():
        world.task(request, "a", "success", a_report())
        write_log(run, "b", told(3, "last", action="b"), suffix="")
        world.task(request, "b", "success", a_report())
        world.run(request, "success")

    messages, code = asyncio.run(watch("&logs="))
    logged = [message for message in messages if message["type"] == "log"]
    rest, _ = asyncio.run(watch(f"&logs={logged[-2]['cursor']}"))
    without, _ = asyncio.run(watch(""))

    assert (["one", *["more"] * 300, "last"], 1000) == ([message["event"] for message in logged], code)
    assert ("end", "b") == (messages[-1]["type"], logged[-1]["action"])
    assert ["last"] == [message["event"] for message in rest if message["type"] == "log"]
    assert {"status", "action", "end"} == {message["type"] for message in without}
    with pytest.raises(ConnectionClosedError, match="1008"):
        asyncio.run(watch("&logs=x"))


def delete_it(world, request):
    world.session.execute(delete(Request).where(Request.id == request.id))
    world.session.commit()


@pytest.mark.parametrize("query", ["", "?logs="])
def test_the_socket_of_a_request_that_is_deleted_is_closed(world, host, query):
    """With the code of a request that is not there: nothing of it will ever come."""
    request = world.order()

    async def watch():
        url = f"ws://{host}/ws/requests/{request.id}/status{query}"
        async with connect(url, additional_headers=SIGNED, proxy=None) as socket:
            await socket.recv()
            await asyncio.to_thread(delete_it, world, request)
            async for _ in socket:
                pass

    with pytest.raises(ConnectionClosedError, match="4404"):
        asyncio.run(asyncio.wait_for(watch(), 60))


@pytest.mark.parametrize("started", [False, True])
def test_the_log_of_a_request_that_is_deleted_ends(world, host, started):
    """Its last line says why."""
    request = world.order()
    if started:
        world.run(request, "running")
    with following(host, request) as answer:
        lines = filter(None, answer.iter_lines())
        first = json.loads(next(lines))
        delete_it(world, request)
        rest = [json.loads(line) for line in lines]

    assert ("request_status", "request_deleted") == (first["event"], rest[-1]["event"])
