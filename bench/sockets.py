"""Measures WebSockets: how soon a thousand watchers are told of what happens to their requests, and what that costs."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import connect

from bench.calls import Account
from bench.cpu import CpuWatch, of_program
from bench.figures import Row, Target, row
from bench.measure import Spread, spread
from bench.memory import Memory, MemoryWatch
from bench.stack import MeasuredStack
from bench.submission import submit_all
from bench.waiting import SLOW
from bench.ways import Ordered
from catalog_compiler.open_files import room_for

COMING_AT_ONCE = 50
QUIET_SECONDS = 5.0
"""While all watch and nothing happens, the API server's share of a core is measured for so long."""
TIMEOUT = 600.0
"""Seconds until what was not told counts as lost."""
SERVER = "api-server"


@dataclass(frozen=True, kw_only=True, slots=True)
class Sockets:
    """Watchers, each of a request of its own."""

    sockets: int
    statuses: Spread
    """From the time that a status began, as Airflow has it, until its message arrived."""
    actions: Spread
    """The same of actions; in it is the time that the triggerer takes to store what its action left."""
    lost: int
    """Watchers that were not told everything, in order, to the end."""
    foreign: int
    """Messages that were of another one's request."""
    quiet_cpu: float
    """Cores that the API server takes while all watch and nothing happens."""
    busy_cpu: float
    """The same from the first message to the last."""
    memory: Memory
    """Of the API server."""

    def rows(self) -> Iterator[Row]:
        """What was told, and what that cost."""
        name = f"{self.sockets} WebSockets"
        cores = f"{self.quiet_cpu:g} cores when quiet, {self.busy_cpu:g} when busy"
        memory = f"{self.memory.before:g}, {self.memory.peak:g}, {self.memory.after:g} MB"
        yield row(f"{name}: status told", self.statuses, cores)
        yield row(f"{name}: action told", self.actions, memory)

    def targets(self) -> Iterator[Target]:
        """Everything, soon, and nothing of others."""
        name = f"{self.sockets} WebSockets"
        yield Target(name=f"{name}: not told everything", measured=self.lost, limit=0)
        yield Target(name=f"{name}: told of others", measured=self.foreign, limit=0)
        yield Target(name=f"{name}, status: slowest", measured=self.statuses.slowest, limit=1000, unit="ms")


@dataclass
class _Crowd:
    """Watchers that come a few at a time, until all are there."""

    missing: int
    complete: asyncio.Event = field(default_factory=asyncio.Event)
    coming: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(COMING_AT_ONCE))

    def come(self) -> None:
        """Count one that is there."""
        self.missing -= 1
        if not self.missing:
            self.complete.set()


@dataclass
class _Watcher:
    request_id: str
    opened: float = 0.0
    messages: list[tuple[float, dict[str, Any]]] = field(default_factory=list)
    """Each with when it arrived."""

    async def watch(self, account: Account, crowd: _Crowd) -> None:
        """Take messages until the server closes."""
        url = f"ws://{account.host}:{account.port}/ws/requests/{self.request_id}/status?since=0"
        headers = {"Authorization": f"Bearer {account.token}"}
        async with crowd.coming:
            socket = await connect(url, additional_headers=headers, proxy=None, open_timeout=TIMEOUT)
            self._take(await socket.recv())
            self.opened = time.time()
            crowd.come()
        async for text in socket:
            self._take(text)

    def _take(self, text: str | bytes) -> None:
        message = json.loads(text)
        if message["type"] != "ping":
            self.messages.append((time.time(), message))

    def delays(self, kind: str) -> Iterator[float]:
        """Of what happened after it had come."""
        for arrived, message in self.messages:
            at = dt.datetime.fromisoformat(message["at"]).timestamp()
            if message["type"] == kind and at > self.opened:
                yield arrived - at

    def is_complete(self) -> bool:
        """Whether it was told every change once, in order, to the end."""
        told = [message["seq"] for _, message in self.messages if message["type"] in {"status", "action"}]
        ended = bool(self.messages) and self.messages[-1][1]["type"] == "end"
        return ended and told == list(range(1, self.messages[-1][1]["seq"] + 1))

    def foreign(self) -> int:
        """Messages of other requests."""
        return sum(message["request_id"] != self.request_id for _, message in self.messages)


def measure_sockets(stack: MeasuredStack, sockets: int, clients: int) -> Sockets:
    """Submit requests whose one call takes half a minute, watch each, and wait until all have ended."""
    room_for(2 * sockets)
    memory = MemoryWatch(stack.settings)
    with memory.watching():
        made = submit_all(Ordered(stack.developer, SLOW, "watched"), clients, sockets)
        watchers = [_Watcher(request_id=run) for run, _ in made]
        quiet, busy = asyncio.run(_watch(stack, watchers))
    return Sockets(
        sockets=sockets,
        statuses=spread(_all(watchers, "status")),
        actions=spread(_all(watchers, "action")),
        lost=sum(not watcher.is_complete() for watcher in watchers),
        foreign=sum(watcher.foreign() for watcher in watchers),
        quiet_cpu=quiet,
        busy_cpu=busy,
        memory=memory.found()[SERVER],
    )


def _all(watchers: Sequence[_Watcher], kind: str) -> list[float]:
    return [delay for watcher in watchers for delay in watcher.delays(kind)]


async def _watch(stack: MeasuredStack, watchers: Sequence[_Watcher]) -> tuple[float, float]:
    crowd = _Crowd(missing=len(watchers))
    tasks = [asyncio.create_task(watcher.watch(stack.developer, crowd)) for watcher in watchers]
    await asyncio.wait_for(crowd.complete.wait(), TIMEOUT)
    quiet = CpuWatch(stack.settings)
    await asyncio.sleep(QUIET_SECONDS)
    quiet_cpu, busy = of_program(quiet.cores(), SERVER), CpuWatch(stack.settings)
    await asyncio.wait(tasks, timeout=TIMEOUT)
    busy_cpu = of_program(busy.cores(), SERVER)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return quiet_cpu, busy_cpu
