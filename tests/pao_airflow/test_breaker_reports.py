"""The API is told of breakers beside the calls: the newest state of each, and again where it was away."""

from __future__ import annotations

import asyncio
import contextvars
import datetime as dt

import pytest
import structlog
from pao_actions.testing import FakeClock
from pao_airflow import breaker_reports
from pao_airflow.breaker import Change
from pao_airflow.breaker_reports import PAUSES, BreakerReports

from api_plugin.client import ApiError
from catalog_compiler.settings import PaoSettings

BEGAN = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)


def change(target, state, seconds=0):
    return Change(target=target, state=state, at=BEGAN + dt.timedelta(seconds=seconds), failures=10)


class Api:
    """Keeps what it is told; `outages` is how often it does not answer."""

    def __init__(self, outages=0):
        self.told = []
        self.outages = outages
        self.in_the_way = asyncio.Event()
        self.in_the_way.set()

    async def send(self, changes):
        await self.in_the_way.wait()
        if self.outages:
            self.outages -= 1
            raise ApiError("the API can't be reached")
        self.told.append([(each.target, each.state) for each in changes])


async def settled():
    for _ in range(20):
        await asyncio.sleep(0)


def test_the_newest_state_of_each_target_is_told():
    """What came while a report was on its way is told next; nothing is told twice."""

    async def story():
        api = Api()
        reports = BreakerReports(api.send, clock=FakeClock())
        reports.tell(change("a:1", "open"))
        reports.tell(change("b:1", "open"))
        api.in_the_way.clear()
        await settled()
        for state in ("half-open", "closed"):
            reports.tell(change("a:1", state))
        api.in_the_way.set()
        await settled()
        reports.tell(change("c:1", "open"))
        await settled()
        return api.told

    assert [[("a:1", "open"), ("b:1", "open")], [("a:1", "closed")], [("c:1", "open")]] == asyncio.run(story())


@pytest.mark.parametrize(("outages", "told"), [(1, 1), (len(PAUSES), 1), (len(PAUSES) + 1, 0)])
def test_an_api_that_is_away_is_told_later(outages, told):
    """After growing pauses; one that stays away is given up, until the next change."""

    async def story():
        api, clock = Api(outages), FakeClock()
        reports = BreakerReports(api.send, clock=clock)
        reports.tell(change("a:1", "open"))
        await settled()
        lost = len(api.told)
        reports.tell(change("b:1", "open"))
        await settled()
        return lost, api.told[-1], clock.slept

    with structlog.testing.capture_logs() as logs:
        result = asyncio.run(story())

    assert (told, [("b:1", "open")], list(PAUSES[:outages])) == result
    assert outages == len(logs)


def test_what_changed_while_the_api_was_away_replaces_what_it_missed():
    """An old state never comes after a newer one."""

    async def story():
        api, clock = Api(1), FakeClock()
        reports = BreakerReports(api.send, clock=clock)
        api.in_the_way.clear()
        reports.tell(change("a:1", "open"))
        await settled()
        reports.tell(change("a:1", "closed"))
        api.in_the_way.set()
        await settled()
        return api.told

    assert [[("a:1", "closed")]] == asyncio.run(story())


def test_a_report_is_no_part_of_the_action_that_met_the_target():
    """Its log lines are not the request's, its time is not the attempt's."""
    whose = contextvars.ContextVar("whose", default="nobody")
    seen = []

    async def send(_changes):
        seen.append(whose.get())

    async def story():
        whose.set("the action")
        BreakerReports(send, clock=FakeClock()).tell(change("a:1", "open"))
        await settled()

    asyncio.run(story())

    assert ["nobody"] == seen


@pytest.mark.parametrize(("redis_url", "process"), [(None, "triggerer-0"), ("redis://redis", "shared")])
def test_the_deployments_api_is_told(monkeypatch, supervisor, redis_url, process):
    """By the service's connection; under the machine's name, or for all processes that share a Redis."""
    supervisor.connections["pao_api"] = {
        "conn_type": "http", "host": "api", "port": 8080, "schema": "http", "login": "pao", "password": "pao_key",
    }  # fmt: skip
    posted, arrived, done, loop = [], [], asyncio.Event(), None

    class Client:
        def __init__(self, connection):
            arrived.append((connection.host, connection.port, connection.password))

        def __enter__(self):
            return self

        def __exit__(self, *_):
            loop.call_soon_threadsafe(done.set)

        def note_breakers(self, *told):
            posted.append(told)

    monkeypatch.setattr(breaker_reports, "client_of", Client)
    monkeypatch.setattr("socket.gethostname", lambda: "triggerer-0")

    async def story():
        nonlocal loop
        loop = asyncio.get_running_loop()
        breaker_reports.reports(PaoSettings(fernet_key="k", redis_url=redis_url)).tell(change("a:1", "open"))
        await done.wait()

    asyncio.run(story())

    told = {"target": "a:1", "state": "open", "at": "2026-03-01T00:00:00+00:00", "failures": 10}
    assert ([(process, [told])], [("api", 8080, "pao_key")]) == (posted, arrived)
