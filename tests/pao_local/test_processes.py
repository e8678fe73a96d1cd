"""supervisord really runs here, with small programs: no Airflow, no database."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from pao_local.environment import STACK_MARK
from pao_local.errors import StartError
from pao_local.processes import Supervisor
from pao_local.programs import Program
from pao_local.settings import Settings

SLEEP = (sys.executable, "-c", "import time; time.sleep(600)")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = Settings(root=tmp_path, state=tmp_path, port=8080, catalog="")
    made.logs.mkdir()
    return made


@pytest.fixture
def supervisor(settings: Settings):
    made = Supervisor(settings)
    yield made
    made.stop()


def test_programs_run_until_they_are_stopped(supervisor):
    """Nothing is left afterwards, supervisord itself included."""
    supervisor.start([Program(name="sleeper", command=SLEEP)], os.environ)
    (sleeper,) = supervisor.states()
    assert sleeper.name == "sleeper"
    assert psutil.pid_exists(sleeper.pid)

    supervisor.stop()

    assert not supervisor.running()
    assert not psutil.pid_exists(sleeper.pid)


def test_one_program_can_be_stopped_and_started_again(supervisor):
    """The others run on."""
    supervisor.start([Program(name=name, command=SLEEP) for name in ("kept", "switched")], os.environ)
    before = {each.name: each.pid for each in supervisor.states()}

    supervisor.stop_program("switched")
    stopped = {each.name: each.pid for each in supervisor.states()}
    supervisor.start_program("switched")
    again = {each.name: each.pid for each in supervisor.states()}

    assert {"kept": before["kept"], "switched": None} == stopped
    assert before["kept"] == again["kept"]
    assert again["switched"] not in {None, before["switched"]}


def test_what_a_killed_supervisord_left_behind_is_stopped(supervisor, settings):
    """It is known by the mark in its environment, whatever its name."""
    marked = {**os.environ, STACK_MARK: str(settings.state)}
    left_over = subprocess.Popen(SLEEP, env=marked)
    stranger = subprocess.Popen(SLEEP, env={**os.environ, STACK_MARK: "/another/stack"})
    try:
        supervisor.stop()

        assert left_over.poll() is not None
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_stale_socket_does_not_matter(supervisor, settings):
    """A machine that lost its power leaves one."""
    settings.supervisor_socket.touch()
    assert not supervisor.running()

    supervisor.start([], os.environ)

    assert supervisor.running()


def test_a_supervisord_that_does_not_start_is_quoted(supervisor, settings):
    """Its own words are the best hint."""
    broken = Program(name="broken]\n[nonsense", command=("x",))

    with pytest.raises(StartError, match="supervisord did not start; it said"):
        supervisor.start([broken], os.environ)
