"""What a dead triggerer had is free within seconds; nobody else loses anything."""

from __future__ import annotations

import datetime as dt
import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest
from airflow import settings
from airflow.jobs.job import Job
from airflow.models.trigger import Trigger
from airflow.utils.session import create_session
from pao_airflow import dead_triggerers
from pao_airflow.dead_triggerers import SILENT_SECONDS, DeadTriggerers, hold
from sqlalchemy import delete, select, text

from api_plugin.store.notices import SIGNALS, listening

BEGAN = dt.datetime(2026, 1, 31, 10, tzinfo=dt.UTC)
LATER = 100.0
"""When it is looked again, by the clock of the one that looks: long after it first did."""
TRIGGERER = f"""
import sys, time
from airflow import settings
from pao_airflow.dead_triggerers import hold
from api_plugin.store.notices import listening
settings.configure_orm()
with listening(settings.get_engine(), {SIGNALS!r}) as connection:
    hold(connection, int(sys.argv[1]))
    print("holds", flush=True)
    time.sleep(600)
"""


class World:
    """Triggerers, each with one trigger."""

    def __init__(self, session):
        self.session = session
        self.watcher = DeadTriggerers()

    def triggerer(self, executor_class=dead_triggerers.CLASS, **more):
        """The job of one."""
        job = Job(executor_class=executor_class, job_type="TriggererJob", state="running", **more)
        job.latest_heartbeat = BEGAN
        self.session.add(job)
        self.session.flush()
        trigger = Trigger(classpath="pao_airflow.trigger.ActionTrigger", kwargs={})
        trigger.triggerer_id = job.id
        self.session.add(trigger)
        self.session.commit()
        return job.id

    def look(self, now):
        """What a triggerer frees that looks then."""
        with create_session(scoped=False) as session:
            return self.watcher.free(session, now)

    def owners(self):
        self.session.rollback()
        return set(self.session.scalars(select(Trigger.triggerer_id)))

    def report(self, job):
        self.session.get(Job, job).latest_heartbeat += dt.timedelta(seconds=1)
        self.session.commit()


@pytest.fixture(autouse=True)
def _reports(monkeypatch):
    """Triggerers report each second, as ours do."""
    monkeypatch.setenv("AIRFLOW__TRIGGERER__JOB_HEARTBEAT_SEC", "1")


@pytest.fixture
def world(database):
    with create_session(scoped=False) as session:
        yield World(session)
        session.rollback()
        for table in (Trigger, Job):
            session.execute(delete(table))
        session.commit()


@contextmanager
def alive(job):
    """Such a connection as a triggerer has."""
    with listening(settings.get_engine(), SIGNALS) as connection:
        hold(connection, job)
        yield


def test_what_a_silent_one_without_its_lock_had_is_free(world):
    """Not at the first look, nor before it has been silent for long enough; then any triggerer takes it."""
    job = world.triggerer()

    assert [frozenset(), frozenset(), {job}] == [world.look(at) for at in (0.0, SILENT_SECONDS - 0.1, SILENT_SECONDS)]
    assert {None} == world.owners()
    assert frozenset() == world.look(LATER)


def test_where_triggerers_report_seldom_one_is_silent_later(world, monkeypatch):
    """By Airflow's default each five seconds: one whose connection broke must have left out several."""
    monkeypatch.setenv("AIRFLOW__TRIGGERER__JOB_HEARTBEAT_SEC", "5")
    job = world.triggerer()

    assert [frozenset(), frozenset(), {job}] == [world.look(at) for at in (0.0, 14.9, 15.0)]


def test_one_that_holds_its_lock_is_alive(world):
    """However long it does not report: it is busy."""
    job = world.triggerer()
    with alive(job):
        assert [frozenset(), frozenset()] == [world.look(0.0), world.look(LATER)]
        assert {job} == world.owners()


def test_one_that_reports_is_alive(world):
    """Its connection broke, and it makes a new one."""
    job = world.triggerer()
    world.look(0.0)
    world.report(job)

    assert frozenset() == world.look(LATER)
    assert {job} == world.owners()


def test_one_that_came_back_in_between_is_watched_anew(world):
    """What was seen before does not count."""
    job = world.triggerer()
    world.look(0.0)
    with alive(job):
        world.look(1.0)

    assert [frozenset(), {job}] == [world.look(LATER), world.look(2 * LATER)]


@pytest.mark.parametrize("executor_class", [None, "LocalExecutor"])
def test_airflows_own_are_left_to_airflow(world, executor_class):
    """They hold no lock, and are dead when Airflow says so."""
    job = world.triggerer(executor_class)

    assert [frozenset(), frozenset()] == [world.look(0.0), world.look(LATER)]
    assert {job} == world.owners()


def test_a_trigger_that_somebody_has_locked_is_freed_later(world):
    """Nobody waits, so that two who free the same never wait for each other."""
    job = world.triggerer()
    world.look(0.0)
    with create_session(scoped=False) as session:
        session.scalars(select(Trigger).with_for_update()).all()

        assert {job} == world.look(LATER)
        assert {job} == world.owners()
        session.rollback()

    world.look(LATER)
    assert {None} == world.owners()


@pytest.mark.timeout(120)
def test_the_lock_of_one_that_is_killed_is_free_at_once(world):
    """By whatever means: nobody has to tell."""
    job = world.triggerer()
    held = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = :job")
    with subprocess.Popen([sys.executable, "-c", TRIGGERER, str(job)], stdout=subprocess.PIPE) as process:
        for line in process.stdout:
            if line.strip() == b"holds":
                break
        assert 1 == world.session.scalar(held, {"job": job})
        process.send_signal(signal.SIGKILL)
    while world.session.scalar(held, {"job": job}):
        world.session.rollback()

    assert [frozenset(), {job}] == [world.look(0.0), world.look(LATER)]
