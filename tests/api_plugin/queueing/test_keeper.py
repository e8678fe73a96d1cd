"""The thread that lets requests start: as soon as it is told, in one process at a time, and in another if that dies."""

from __future__ import annotations

import time
from contextlib import ExitStack

import pytest
from airflow.models.dagrun import DagRun
from sqlalchemy import func, select, text

from api_plugin.queueing import holding
from api_plugin.queueing.keeper import QueueKeeper
from api_plugin.queueing.limits import Limits
from api_plugin.queueing.reading import IS_HELD
from tests.items import action, compiled_item

ITEM = compiled_item("queue", action("a"))
ONE = Limits(platform=1)
LONG = 20.0


@pytest.fixture
def limited(world, monkeypatch):
    """One request runs at a time."""
    monkeypatch.setattr(holding, "configured", lambda: ONE)
    world.publish(ITEM)
    world.parse(ITEM)
    return world


def held(world):
    world.session.rollback()
    return world.session.scalar(select(func.count()).select_from(DagRun).where(IS_HELD))


def comes_to(world, wanted):
    """Whether so many wait within a while."""
    until = time.monotonic() + LONG
    while held(world) != wanted and time.monotonic() < until:
        time.sleep(0.01)
    return held(world) == wanted


def test_a_request_starts_as_soon_as_it_is_there(limited):
    """The keeper is told; it does not look by itself while nothing waits."""
    with QueueKeeper(ONE).running() as keeping:
        assert keeping.wait_until_at_work(LONG)
        limited.order()
        assert comes_to(limited, 0)


def test_a_place_that_becomes_free_is_found(limited):
    """Though nobody tells of it."""
    with QueueKeeper(ONE).running():
        first, _second = limited.order(), limited.order()
        assert comes_to(limited, 1)
        limited.run(first, "success")
        assert comes_to(limited, 0)


def test_one_leads_and_another_takes_over(limited, monkeypatch):
    """As soon as the first one is gone, with what waited meanwhile."""
    monkeypatch.setattr(QueueKeeper, "again", (0.05,))
    first, second = QueueKeeper(ONE), QueueKeeper(ONE)
    with ExitStack() as other:
        with first.running():
            assert first.wait_until_at_work(LONG)
            other.enter_context(second.running())
            assert not second.wait_until_at_work(0.2)
        assert second.wait_until_at_work(LONG)
        limited.order()
        assert comes_to(limited, 0)


def test_a_connection_that_breaks_is_made_anew(limited, monkeypatch):
    """PostgreSQL restarted, or somebody ended the session: the lock was free, and is taken again."""
    monkeypatch.setattr(QueueKeeper, "again", (0.05,))
    with QueueKeeper(ONE).running() as keeping:
        assert keeping.wait_until_at_work(LONG)
        ended = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'pao_queue'")
        assert limited.session.scalar(ended)
        limited.session.rollback()
        limited.order()
        assert comes_to(limited, 0)


def test_without_limits_there_is_no_thread(limited):
    """And no connection."""
    with QueueKeeper(Limits()).running() as keeping:
        assert not keeping.wait_until_at_work(0)
        ours = text("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pao_queue'")
        assert 0 == limited.session.scalar(ours)
