"""Promised times: when a request is expected, which ones are late, and that each is told of once."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from api_plugin.clock import utc_now
from api_plugin.metrics import read_metrics
from api_plugin.permissions import Permission
from api_plugin.sla import expected_end, flag_overdue
from api_plugin.store.requests import Request
from tests.api_plugin.conftest import a_caller
from tests.api_plugin.runs import a_report
from tests.items import action, compiled_item

START = dt.datetime(2026, 1, 31, 10, 0, tzinfo=dt.UTC)


def utc(text):
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("promised", "expected"),
    [
        ("1 second", "2026-01-31T10:00:01"),
        ("30 minutes", "2026-01-31T10:30:00"),
        ("4 hours", "2026-01-31T14:00:00"),
        ("2 days", "2026-02-02T10:00:00"),
        ("1 week", "2026-02-07T10:00:00"),
        ("1 month", "2026-02-28T10:00:00"),
        ("13 months", "2027-02-28T10:00:00"),
        ("PT4H", "2026-01-31T14:00:00"),
        ("PT1H30M", "2026-01-31T11:30:00"),
        ("PT0.5S", "2026-01-31T10:00:00.500000"),
        ("PT1,5S", "2026-01-31T10:00:01.500000"),
        ("P1W", "2026-02-07T10:00:00"),
        ("P1Y2M3DT4H5M6S", "2027-04-03T14:05:06"),
    ],
)
def test_a_promise_is_a_time_of_the_calendar(promised, expected):
    """As people write it, and as ISO 8601 does."""
    assert utc(expected) == expected_end(START, promised)


@pytest.mark.parametrize(
    "promised", [None, "", "soon", "P", "PT0S", "999999 months", "P99999999999Y", "P999999999999D"]
)
def test_what_no_calendar_can_hold_is_no_promise(promised):
    """Rather no expectation than a request that can't be taken."""
    assert expected_end(START, promised) is None


def test_a_clock_that_is_put_forward_moves_no_promise():
    """On the day of summer time, two hours are two hours, and a day is 24."""
    berlin = dt.datetime(2026, 3, 29, 1, 30, tzinfo=ZoneInfo("Europe/Berlin"))

    assert utc("2026-03-29T02:30:00") == expected_end(berlin, "2 hours")
    assert utc("2026-03-30T00:30:00") == expected_end(berlin, "1 day")


@pytest.fixture
def ordered(world):
    """A request of an item that promises 30 minutes."""
    item = compiled_item("queue", action("queue"), header={"sla": {"provisioning_time": "30 minutes"}})
    world.publish(item)
    world.parse(item)
    return world.order()


def made_late(world, request):
    """Let it have been ordered two hours ago."""
    request.created_at -= dt.timedelta(hours=2)
    request.expected_at -= dt.timedelta(hours=2)
    world.session.commit()


def test_a_request_says_when_it_is_expected(world, portal, ordered):
    """In its answer and in the list."""
    operator = a_caller(*Permission)
    request = portal("GET", f"/requests/{ordered.id}", operator).json()

    between = dt.datetime.fromisoformat(request["expected_at"]) - ordered.created_at
    assert (dt.timedelta(minutes=30), False) == (between, request["overdue"])
    assert not portal("GET", "/requests", operator).json()["items"][0]["overdue"]


def test_one_that_is_late_is_told_of_once(world, portal, ordered):
    """By an event; in its answer, and by the filter, until it ends and afterwards."""
    made_late(world, ordered)
    told = [len(flag_overdue(world.session)) for _ in range(2)]
    world.session.commit()

    assert [1, 0] == told
    assert ["overdue"] == [event.type for event in world.events(ordered) if event.type not in {"status", "action"}]
    operator = a_caller(*Permission)
    assert portal("GET", f"/requests/{ordered.id}", operator).json()["overdue"]
    found = [
        len(portal("GET", f"/requests?overdue={wanted}", operator).json()["items"]) for wanted in ("true", "false")
    ]
    assert [1, 0] == found


def test_one_that_ended_in_time_is_not_late(world, ordered):
    """However long ago."""
    world.task(ordered, "queue", "success", a_report())
    world.run(ordered, "success")
    world.session.execute(
        Request.__table__.update().values(status="completed", ended_at=utc_now(), expected_at=utc_now())
    )
    world.session.commit()

    assert [] == flag_overdue(world.session)


def test_late_ones_are_counted(world, ordered):
    """By item; and how much of their time the completed ones took."""
    made_late(world, ordered)
    assert [("queue", 1.0)] == samples(world, "pao_requests_overdue")

    now = utc_now()
    world.session.execute(
        Request.__table__.update().values(
            status="completed", created_at=now - dt.timedelta(hours=1), expected_at=now, ended_at=now
        )
    )
    world.session.commit()

    assert [] == samples(world, "pao_requests_overdue")
    counted = samples(world, "pao_request_promised_time_ratio")
    assert [0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0] == [value for _, value in counted[:9]]


def samples(world, name):
    """The samples of a metric: item and value."""
    (family,) = [family for family in read_metrics(world.session) if family.name == name]
    return [(sample.labels["item"], sample.value) for sample in family.samples]


def test_the_look_for_late_ones_uses_an_index(session):
    """Whatever the number of requests that ended."""
    session.execute(text("SET LOCAL enable_seqscan = off"))
    look = "SELECT id FROM pao.request WHERE expected_at < now() AND overdue_at IS NULL AND ended_at IS NULL"

    assert "ix_request_expected_at" in "".join(session.scalars(text(f"EXPLAIN {look}")))
