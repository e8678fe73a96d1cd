"""Logs of triggers that ended are stored side by side, and all are closed."""

from __future__ import annotations

from threading import Barrier

import pytest
from airflow.jobs.triggerer_job_runner import TriggerLoggingFactory
from airflow.sdk import log as airflow_log
from pao_airflow import stored_logs
from pao_airflow.stored_logs import AT_ONCE, StoredLogs

BROKEN = "broken"


class Store:
    """As Airflow's stores of logs; it takes so many at the same time only."""

    def __init__(self, together):
        self.barrier = Barrier(together)
        self.stored = []

    def upload(self, path, _task):
        self.barrier.wait(20)
        if BROKEN in path:
            raise OSError("the store is away")
        self.stored.append(path)


@pytest.fixture
def logs(tmp_path, monkeypatch):
    """Makes the logs of triggers, each with a line in it."""
    monkeypatch.setenv("AIRFLOW__LOGGING__BASE_LOG_FOLDER", str(tmp_path))

    def make(*names):
        made = [TriggerLoggingFactory(log_path=str(tmp_path / name), ti=None) for name in names]
        for each in made:
            each([lambda _logger, _method, said: said["event"]]).info(b"a line")
        return made

    return make


def hold(monkeypatch, store):
    for module in (airflow_log, stored_logs):
        monkeypatch.setattr(module, "load_remote_log_handler", lambda: store)


def is_closed(log):
    return log._filehandle.closed  # noqa: SLF001 - what is asked for


def test_they_are_stored_side_by_side(logs, monkeypatch):
    """The store takes none before all have come; and no event comes before its log is stored."""
    store = Store(AT_ONCE)
    hold(monkeypatch, store)
    names = [f"attempt={number}.log" for number in range(AT_ONCE)]
    mine = logs(*names)

    StoredLogs().store(mine)

    assert names == sorted(store.stored, key=names.index)
    assert [True] * AT_ONCE == [is_closed(each) for each in mine]


def test_one_that_can_not_be_stored_holds_up_no_other(logs, monkeypatch):
    """It is told of, and closed as well."""
    told = []
    store = Store(2)
    hold(monkeypatch, store)
    monkeypatch.setattr(stored_logs.log, "exception", lambda *_args, **more: told.append(more["path"]))
    mine = logs(BROKEN, "well")

    StoredLogs().store(mine)

    assert (["well"], [mine[0].log_path]) == (store.stored, told)
    assert [True, True] == [is_closed(each) for each in mine]


def test_where_logs_stay_on_the_disk_they_are_closed(logs, monkeypatch):
    """And one that never had a line is passed over."""
    hold(monkeypatch, None)
    mine = logs("a", "b")

    StoredLogs().store([*mine, TriggerLoggingFactory(log_path="/nowhere", ti=None)])

    assert [True, True] == [is_closed(each) for each in mine]
