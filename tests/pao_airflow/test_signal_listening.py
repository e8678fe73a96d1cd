"""What the API tells is heard by every triggerer, also after its database was away."""

from __future__ import annotations

import os
import resource
import threading
from contextlib import ExitStack, suppress
from pathlib import Path
from queue import Empty, Queue

import pytest
from airflow.utils.session import create_session
from pao_airflow.signal_listening import SignalListener
from sqlalchemy import text

from api_plugin.store.notices import SIGNALS, signal


def tell(*names):
    with create_session(scoped=False) as session:
        for name in names:
            signal(session, name)
        session.commit()


def cut():
    """End the connections that listen, as a database does that restarts."""
    ending = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = :channel")
    with create_session(scoped=False) as session:
        return session.scalars(ending, {"channel": SIGNALS}).all()


def told_until(heard, name):
    """Tell it until it is heard; what is told while nobody listens is lost."""
    while True:
        tell(name)
        with suppress(Empty):
            return heard.get(timeout=0.2)


@pytest.mark.timeout(60)
def test_each_triggerer_hears_every_signal(database):
    """In order; whichever of them runs the action that waits."""
    heard = [Queue(), Queue()]
    with (
        SignalListener(heard[0].put, triggerer=1).running() as one,
        SignalListener(heard[1].put, triggerer=2).running() as other,
    ):
        assert one.wait_until_at_work(30)
        assert other.wait_until_at_work(30)
        tell("github:github.com/example/infra/1", "jira:jira_default:OPS-7")

        for queue in heard:
            assert ["github:github.com/example/infra/1", "jira:jira_default:OPS-7"] == [queue.get(), queue.get()]


@pytest.mark.timeout(60)
def test_a_broken_connection_is_made_anew(database, monkeypatch):
    """What is told after that is heard."""
    monkeypatch.setattr(SignalListener, "again", (0.05,))
    heard = Queue()
    with SignalListener(heard.put, triggerer=1).running() as listener:
        assert listener.wait_until_at_work(30)
        tell("before")
        assert "before" == heard.get()
        assert [True] == cut()

        assert "after" == told_until(heard, "after")


@pytest.mark.timeout(60)
def test_it_hears_beside_a_thousand_open_files(database):
    """Each trigger of a triggerer has its log open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
    heard = Queue()
    with ExitStack() as files:
        for _ in range(1100):
            files.enter_context(Path(os.devnull).open())
        with SignalListener(heard.put, triggerer=1).running() as listener:
            assert listener.wait_until_at_work(30)
            tell("a")

            assert "a" == heard.get()
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.timeout(60)
def test_with_nobody_left_to_tell_it_ends(database):
    """The runner has died: the supervisor ends too."""

    def gone(_name):
        raise BrokenPipeError

    with SignalListener(gone, triggerer=1).running() as listener:
        assert listener.wait_until_at_work(30)
        (thread,) = [each for each in threading.enumerate() if each.name == "pao-signals"]
        tell("a")
        thread.join(30)

        assert not thread.is_alive()
