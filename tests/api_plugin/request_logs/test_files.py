"""Files are read line by line from where the reader stands, whatever their size, and whoever writes them meanwhile."""

from __future__ import annotations

import dataclasses
import tracemalloc
from pathlib import Path

import pytest

from api_plugin.clock import utc_now
from api_plugin.request_logs.entry import Place
from api_plugin.request_logs.files import LONGEST_LINE, file_sources
from api_plugin.request_logs.lines import TaskFacts
from api_plugin.request_logs.paging import read_page
from api_plugin.request_logs.readers import Wanted
from api_plugin.request_logs.tasks import TaskLog
from tests.api_plugin.task_logs import told

ALL = Wanted(operator=True, level="debug")


@pytest.fixture
def task(tmp_path):
    """A task whose log is in the folder."""
    return TaskLog(
        key="0/a/1",
        facts=TaskFacts(dag_id="d", run_id="r", task_id="a", try_number=1, action="a", undoing=False),
        instance=None,
        began_at=utc_now().replace(year=2026),
        ended=False,
        folder=tmp_path,
        path=tmp_path / "attempt=1.log",
        elsewhere=False,
    )


def read(task, places=None, limit=1000, wanted=ALL):
    """A page of the task's log alone."""
    places = places or {}
    return read_page(file_sources(task, places), places, wanted, limit)


def events(page):
    """What happened on it."""
    return [entry.event for entry in page.entries]


def test_each_of_a_tries_files_is_read(task):
    """A worker writes one, and so does each triggerer that had the task; another try has its own."""
    task.path.write_text(told(3, "c"))
    Path(f"{task.path}.trigger.4.log").write_text(told(1, "a"))
    Path(f"{task.path}.trigger.5.log").write_text(told(2, "b"))
    task.path.with_name("attempt=10.log").write_text(told(4, "d"))

    assert ["a", "b", "c"] == events(read(task))


def test_what_is_added_follows(task):
    """A line that is being written is read once it is whole."""
    task.path.write_text(told(1, "a") + told(2, "b")[:40])
    first = read(task)
    with task.path.open("a") as file:
        file.write(told(2, "b")[40:])
    second = read(task, first.places)

    assert (["a"], ["b"]) == (events(first), events(second))
    assert [] == file_sources(task, second.places)


def test_what_a_killed_writer_left_is_read_when_the_task_has_ended(task):
    """Nobody will end that line."""
    task.path.write_text(told(1, "a") + told(2, "b").rstrip("\n"))

    assert ["a", "b"] == events(read(dataclasses.replace(task, ended=True)))


def test_a_line_may_be_of_any_length(task):
    """What is beyond the limit is passed over, and the next line is read."""
    task.path.write_text("x" * (3 * LONGEST_LINE) + "\n" + told(2, "b"))
    page = read(task)

    assert [None, "b"] == events(page)
    assert task.path.stat().st_size == page.places["0/a/1/"].read


def test_a_place_in_the_middle_of_a_line_shows_nothing_of_it(task):
    """A cursor can be made up, and half a secret is not masked."""
    task.path.write_text('{"event": "password s3cret-word"}\n' + told(2, "b"))
    page = read(task, {"0/a/1/": Place(read=task.path.read_text().index("3cret"))})

    assert ["b"] == events(page)
    assert task.path.stat().st_size == page.places["0/a/1/"].read


def test_a_link_out_of_the_logs_is_not_followed(task, tmp_path_factory):
    """Who can write to a log's folder must not show files of the server."""
    outside = tmp_path_factory.mktemp("outside") / "secret"
    outside.write_text(told(1, "a"))
    Path(f"{task.path}.trigger.4.log").symlink_to(outside)

    assert [] == file_sources(task, {})


def test_a_huge_log_is_paged_without_being_loaded(task):
    """Each page reads from where the last one ended; the last lines are found at once by a reader who is there."""
    with task.path.open("w") as file:
        chunk = "".join(told(second / 100, "http_call", target="GET x.example/" + "y" * 150) for second in range(1000))
        for _ in range(250):
            file.write(chunk)
        end = file.tell()
        file.write(told(59, "last"))
    assert end > 100_000_000
    tracemalloc.start()
    try:
        first = read(task, limit=200)
        second = read(task, first.places, limit=200)
        later = read(task, {"0/a/1/": dataclasses.replace(first.places["0/a/1/"], read=end)})
        assert 5_000_000 > tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert (200, 200, ["last"]) == (len(first.entries), len(second.entries), events(later))
    assert 2 * first.places["0/a/1/"].read == pytest.approx(second.places["0/a/1/"].read, rel=0.01)


def test_a_look_for_what_is_rare_ends_by_and_by(task, monkeypatch):
    """With what it has, and where to go on: nobody waits for a whole log to be looked through."""
    monkeypatch.setattr("api_plugin.request_logs.paging.SECONDS", 0.0)
    task.path.write_text("".join(told(1, "a") for _ in range(1000)) + told(2, "b", level="error"))
    wanted = Wanted(level="error")
    pages = [read(task, wanted=wanted)]
    while pages[-1].more:
        pages.append(read(task, pages[-1].places, wanted=wanted))

    assert [[]] * 3 == [events(page) for page in pages[:3]]
    assert ["b"] == events(pages[-1])
