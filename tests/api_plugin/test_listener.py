"""A thread that listens: it is told each thing once, tries a silent connection, and ends when it is to."""

from __future__ import annotations

from queue import Queue
from threading import Event
from typing import ClassVar

from airflow.utils.session import create_session
from sqlalchemy import func, select, text

from api_plugin.store.listener import Listener

HEARD_WITHIN = 60


class Ear(Listener):
    """Hands on what it is told at a time, and what it told of itself."""

    channel = "test_ear"
    thread = "test-ear"
    lost = "nothing is heard"
    again: ClassVar = (0.01,)

    def __init__(self, wait=60.0):
        super().__init__()
        self.wait = wait
        self.heard = Queue()

    def listen(self, line):
        self.is_at_work()
        while True:
            self.heard.put(line.wait(self.wait))


def tell(*names):
    with create_session(scoped=False) as session:
        for name in names:
            session.execute(select(func.pg_notify(Ear.channel, name)))
        session.commit()


def cut():
    ending = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = :name")
    with create_session(scoped=False) as session:
        return session.scalars(ending, {"name": Ear.channel}).all()


def test_what_is_told_together_is_heard_together_and_once(database):
    """In its order: whoever looks once for each has no more to look for."""
    with Ear().running() as ear:
        assert ear.wait_until_at_work(HEARD_WITHIN)
        tell("b", "a", "b")

        heard = []
        while len(heard) < 2:
            heard += ear.heard.get(timeout=HEARD_WITHIN)
    assert ["b", "a"] == heard


def test_a_connection_that_broke_while_nothing_was_told_is_found_out(database):
    """By trying it; meanwhile nobody is told that the thread is at work."""
    with Ear(wait=0.01).running() as ear:
        assert ear.wait_until_at_work(HEARD_WITHIN)
        assert [] == ear.heard.get(timeout=HEARD_WITHIN)
        assert [True] == cut()
        tell_until_heard(ear)


def tell_until_heard(ear):
    """What is told while nobody listens is lost."""
    while "again" not in ear.heard.get(timeout=HEARD_WITHIN):
        tell("again")


class Busy(Ear):
    """Asks the database something else before it waits."""

    def __init__(self):
        super().__init__(wait=3600.0)
        self.told = Event()

    def listen(self, line):
        self.is_at_work()
        self.told.wait(HEARD_WITHIN)
        with line.connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        self.heard.put(line.wait(self.wait))


def test_what_came_while_something_else_was_asked_is_heard_at_once(database):
    """The driver has read it with the answer, and nothing more comes."""
    with Busy().running() as ear:
        assert ear.wait_until_at_work(HEARD_WITHIN)
        tell("early")
        ear.told.set()
        assert ["early"] == ear.heard.get(timeout=HEARD_WITHIN)


def test_the_end_is_not_waited_for(database):
    """Wherever the thread waits."""
    with Ear(wait=3600).running() as ear:
        assert ear.wait_until_at_work(HEARD_WITHIN)
    assert [] == cut()
