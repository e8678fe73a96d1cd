"""Which targets are left alone: what processes tell, the newest of it, and not for longer than it is true."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from sqlalchemy import select

from api_plugin.breakers import KEPT, TRIAL, LeftAlone, left_alone, note_breakers
from api_plugin.clock import utc_now
from api_plugin.configuration import settings
from api_plugin.datamodels.health import BreakerBody
from api_plugin.permissions import Permission
from api_plugin.store.targets import Breaker
from tests.api_plugin.conftest import a_caller

NOW = utc_now()
SERVICE = a_caller(Permission.INTERNAL)


RESTS = 7200


@pytest.fixture(autouse=True)
def _patient(monkeypatch):
    """Breakers rest for longer than any run of these tests takes."""
    monkeypatch.setenv("AIRFLOW__PAO__BREAKER_SECONDS", str(RESTS))
    settings.cache_clear()
    yield
    settings.cache_clear()


def ago(seconds):
    return NOW - dt.timedelta(seconds=seconds)


def told(state, seconds, target="db.example:443", failures=10):
    return BreakerBody(target=target, state=state, at=ago(seconds), failures=failures)


def known(session):
    session.expire_all()
    rows = session.scalars(select(Breaker).order_by(Breaker.target, Breaker.process)).all()
    return [(row.target, row.process, row.state, (NOW - row.since).total_seconds(), row.failures) for row in rows]


@pytest.mark.parametrize(
    ("story", "state", "since"),
    [
        ([("open", 90)], "open", 90),
        ([("open", 90), ("half-open", 60), ("open", 59)], "open", 90),
        ([("open", 90), ("half-open", 60), ("closed", 59)], "closed", 59),
        ([("open", 90), ("closed", 59), ("open", 10)], "open", 10),
        ([("open", 59), ("closed", 90)], "open", 59),
        ([("half-open", 30)], "half-open", 30),
    ],
)
def test_the_newest_state_counts_and_when_it_fell_ill_or_healed(session, story, state, since):
    """Being tried in between is no end of it; a report that comes late changes nothing."""
    for each in story:
        note_breakers(session, "one", [told(*each)])

    assert [("db.example:443", "one", state, since, 10)] == known(session)


def test_several_states_of_one_target_may_come_at_once(session):
    """Whatever their order."""
    note_breakers(session, "one", [told("open", 9), told("closed", 5), told("half-open", 7)])

    assert ["closed"] == [row[2] for row in known(session)]


def test_each_process_tells_its_own(session):
    """A target is left alone where any of them does, since the first of them did."""
    note_breakers(session, "one", [told("open", 30), told("open", 20, "other.example:80")])
    note_breakers(session, "two", [told("closed", 5), told("half-open", 10, "other.example:80")])
    note_breakers(session, "three", [told("open", 35), told("closed", 1, "sound.example:80")])

    assert [
        LeftAlone(target="db.example:443", since=ago(35)),
        LeftAlone(target="other.example:80", since=ago(20)),
    ] == left_alone(session)


def test_what_nobody_renews_is_true_until_the_end_of_its_rest(session):
    """Nobody calls that target any more, or the process is gone; after a day it is forgotten."""
    # The clock has gone on since this module was imported.
    rests = dt.timedelta(seconds=RESTS) + TRIAL
    recent, kept = ((lasts - (utc_now() - NOW)).total_seconds() for lasts in (rests, KEPT))
    note_breakers(session, "one", [told("open", recent - 60, "a:1"), told("half-open", recent + 60, "b:1")])
    note_breakers(session, "one", [told("open", kept - 60, "c:1"), told("closed", kept + 60, "d:1")])

    assert ["a:1"] == [each.target for each in left_alone(session)]
    note_breakers(session, "one", [])
    assert ["a:1", "b:1", "c:1"] == [row[0] for row in known(session)]


BODY = {
    "process": "triggerer-0",
    "breakers": [{"target": "db.example:443", "state": "open", "at": NOW.isoformat(), "failures": 3}],
}


def test_the_service_tells(world, portal):
    """And learns what is known."""
    answer = portal("POST", "/internal/breakers", SERVICE, json=BODY)

    assert (200, {"left_alone": ["db.example:443"]}) == (answer.status_code, answer.json())
    assert [("db.example:443", "triggerer-0", "open", 0, 3)] == known(world.session)


def test_nobody_else_tells(world, portal):
    """An operator neither."""
    answer = portal("POST", "/internal/breakers", a_caller(Permission.OPERATIONS_READ), json=BODY)

    assert (403, []) == (answer.status_code, known(world.session))


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"process": 1}, "/process"),
        ({"process": "x" * 301}, "/process"),
        ({"process": "a\0b"}, "/process"),
        ({"breakers": {}}, "/breakers"),
        ({"more": 1}, "/more"),
        ({"breakers": [{**BODY["breakers"][0], "state": "ajar"}]}, "/breakers/0/state"),
        ({"breakers": [{**BODY["breakers"][0], "at": "2026-01-01T00:00:00"}]}, "/breakers/0/at"),
        ({"breakers": [{**BODY["breakers"][0], "at": "yesterday"}]}, "/breakers/0/at"),
        ({"breakers": [{**BODY["breakers"][0], "failures": -1}]}, "/breakers/0/failures"),
        ({"breakers": [{**BODY["breakers"][0], "failures": 2**31}]}, "/breakers/0/failures"),
        ({"breakers": [{**BODY["breakers"][0], "target": "\ud800"}]}, "/breakers/0/target"),
        ({"breakers": BODY["breakers"] * 1001}, "/breakers"),
    ],
)
def test_a_wrong_report_is_refused(world, portal, change, pointer):
    """With the place of what is wrong."""
    headers = {"Content-Type": "application/json"}
    answer = portal("POST", "/internal/breakers", SERVICE, content=json.dumps(BODY | change), headers=headers)

    assert (422, [pointer]) == (answer.status_code, [error["pointer"] for error in answer.json()["errors"]])
    assert [] == known(world.session)
