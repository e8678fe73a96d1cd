"""A log that is not on this machine comes by Airflow's own reader, or the reader is told that it can't be had."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace

import pytest
from airflow.utils.log.file_task_handler import StructuredLogMessage
from airflow.utils.log.log_reader import TaskLogReader

from api_plugin.clock import utc_now
from api_plugin.request_logs.fetched import fetched_source
from api_plugin.request_logs.lines import TaskFacts
from api_plugin.request_logs.paging import read_page
from api_plugin.request_logs.readers import Wanted
from api_plugin.request_logs.tasks import TaskLog
from tests.api_plugin.task_logs import line, told

TASK = TaskLog(
    key="0/a/1",
    facts=TaskFacts(dag_id="d", run_id="r", task_id="a", try_number=1, action="a", undoing=False),
    instance=SimpleNamespace(end_date=None),
    began_at=utc_now().replace(year=2026),
    ended=True,
    folder=None,
    path=None,
    elsewhere=True,
)
HEADER = ("::group::Log message source details", "Could not read served logs: worker-7:8793 is away", "::endgroup::")


@pytest.fixture
def fetch(monkeypatch):
    """Reads with what Airflow's reader gives: these lines, or a failure at their end."""

    def fetching(*lines, places=None, task=TASK, fails=None):
        def read(*_asked):
            return stream(), {}

        def stream():
            yield from (StructuredLogMessage(event=event) for event in HEADER)
            yield from (StructuredLogMessage.model_validate_json(each) for each in lines)
            if fails:
                raise fails

        monkeypatch.setattr(TaskLogReader, "read_log_chunks", read)
        places = places or {}
        return read_page([fetched_source(task, places)], places, Wanted(operator=True, level="debug"), 100)

    return fetching


def test_a_log_is_fetched(fetch):
    """With its attempts, and without what Airflow's reader says of where it comes from."""
    page = fetch(told(1, "attempt_started", attempt=2), told(2, "http_call"), line(3, "Trigger completed"))

    assert [("attempt 2 started", 2), ("http call", 2), ("Trigger completed", 2)] == [
        (entry.message, entry.attempt) for entry in page.entries
    ]


def test_a_reader_goes_on_where_it_was(fetch):
    """Airflow's reader begins at the start each time."""
    first = fetch(told(1, "a"), told(2, "b"))
    second = fetch(told(1, "a"), told(2, "b"), told(3, "c"), places=first.places)

    assert (["a", "b"], ["c"]) == tuple([entry.event for entry in page.entries] for page in (first, second))


@pytest.mark.parametrize("fails", [None, ConnectionError("no route to s3.example.com"), RuntimeError("x")])
def test_a_log_that_is_away_says_so_once(fetch, fails):
    """Why, is for operators; and what comes back later is read."""
    first = fetch(fails=fails)
    again = fetch(fails=fails, places=first.places)
    back = fetch(told(1, "a"), places=first.places)

    (entry,) = first.entries
    assert ("log_away", "a", "warning") == (entry.event, entry.action, entry.level)
    assert "worker-7" in entry.data["why_away"]
    assert {} == Wanted().shown(entry).data
    assert ((), ["a"]) == (again.entries, [each.event for each in back.entries])


def test_what_was_fetched_before_a_failure_is_kept(fetch):
    """Nobody is told that a log is away whose lines it has."""
    assert ["a"] == [entry.event for entry in fetch(told(1, "a"), fails=OSError("cut")).entries]


def test_a_task_that_begins_here_has_no_log_yet(fetch):
    """That is no failure."""
    assert () == fetch(task=dataclasses.replace(TASK, ended=False, elsewhere=False)).entries
