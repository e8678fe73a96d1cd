"""A fetch goes on beside; it ends, whatever the other side does, and nobody else writes to the clone meanwhile."""

from __future__ import annotations

import threading

import pytest

from catalog_compiler.airflow import fetching
from catalog_compiler.airflow.access import Access, RepositoryError
from catalog_compiler.airflow.repository import Repository
from tests.catalog_compiler.airflow.git_servers import silent_server


@pytest.fixture
def silent(tmp_path):
    """The clone of a repository whose server takes connections, and says nothing."""
    with silent_server() as url:
        yield Repository(folder=tmp_path / "silent.git", access=Access(repo_url=url))


def test_nobody_has_to_wait_for_it(silent):
    """It is on its way until the other side has answered."""
    fetch = silent.start_fetch()

    assert not fetch.ended(within=0)
    assert not fetch.ended(within=0.1)
    fetch.stop()


def test_a_server_that_says_nothing_is_given_up(silent, monkeypatch):
    """By git itself, which notices that nothing comes."""
    monkeypatch.setenv("GIT_HTTP_LOW_SPEED_TIME", "1")
    fetch = silent.start_fetch()

    assert fetch.ended(within=60)
    with pytest.raises(RepositoryError, match=r"git could not read http://127\.0\.0\.1:.*too slow"):
        fetch.result()


def test_what_takes_too_long_is_ended(silent, monkeypatch):
    """With all processes that git has started."""
    monkeypatch.setattr(fetching, "TIMEOUT", 0.2)
    fetch = silent.start_fetch()

    assert fetch.ended(within=60)
    with pytest.raises(RepositoryError, match=r"git did not answer within 0 s for http://127\.0\.0\.1:"):
        fetch.result()


def test_one_writes_to_a_clone_at_a_time(origin, repository):
    """Git's own locks would make the second one fail."""
    commit = origin.commit({"a": "1"})
    first, second = repository.start_fetch(), repository.start_renewal()
    assert first.ended(within=60)
    assert not second.ended(within=2)
    first.result()

    assert second.ended(within=60)
    second.result()
    assert commit == repository.resolve("main")


def test_a_fetch_that_is_waited_for_waits_for_the_one_before(origin, repository):
    """As a worker's does on the disk of a DAG processor."""
    commit = origin.commit({"a": "1"})
    first = repository.start_fetch()
    assert first.ended(within=60)
    other = threading.Thread(target=repository.fetch)
    other.start()
    assert other.is_alive()
    first.result()
    other.join()

    assert commit == repository.resolve("main")
