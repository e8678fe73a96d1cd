"""Nothing of a peer is left, and what it said is told."""

from __future__ import annotations

import pytest
from pao_local.errors import StartError

from bench.peers.processes import LAST_WORDS, marked_processes, processes

IN_A_SESSION_OF_ITS_OWN = "setsid sleep 300 & echo started; sleep 300"


@pytest.mark.timeout(60)
def test_what_was_started_ends_with_the_block_whatever_happens(tmp_path):
    """Also what a process started in a session of its own."""
    running = []

    def measuring_fails():
        with processes(tmp_path) as started:
            started.start("peer", ["sh", "-c", IN_A_SESSION_OF_ITS_OWN], {})
            started.wait_for_words("peer", "started")
            running.extend(marked_processes(str(tmp_path)))
            raise RuntimeError("measuring failed")

    with pytest.raises(RuntimeError, match="measuring failed"):
        measuring_fails()

    assert running
    assert [] == list(marked_processes(str(tmp_path)))


@pytest.mark.timeout(60)
def test_one_that_ends_while_it_is_waited_for_is_told_with_its_last_words(tmp_path):
    """Not waited for until the time is up."""
    said = f"echo {'x' * LAST_WORDS}; echo no such database; exit 3"

    with processes(tmp_path) as started:
        started.start("peer", ["sh", "-c", said], {})
        with pytest.raises(StartError, match=r"peer ended; it said:\n\nx+\nno such database"):
            started.wait_until("ever", lambda: False)


@pytest.mark.timeout(60)
def test_a_command_that_fails_is_told_with_its_last_words(tmp_path):
    """Such as a migration."""
    with processes(tmp_path) as started, pytest.raises(StartError, match="migrate failed; it said:\n\nno such table"):
        started.run("migrate", ["sh", "-c", "echo no such table; exit 1"], {})


@pytest.mark.timeout(60)
def test_no_setting_of_ours_reaches_a_peer(tmp_path, monkeypatch):
    """Ours could change what it does."""
    monkeypatch.setenv("PREFECT_API_URL", "https://elsewhere.example.com")

    with processes(tmp_path) as started:
        started.run("env", ["env"], {"PAO_TARGET": "http://127.0.0.1:1/now"})

    lines = (tmp_path / "env.log").read_text().splitlines()
    assert "PAO_TARGET=http://127.0.0.1:1/now" in lines
    assert not [line for line in lines if line.startswith("PREFECT_")]
