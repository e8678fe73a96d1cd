"""Whatever a start runs into is a sentence for people, with a way out."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from pao_local import __main__ as command_line
from pao_local.errors import NoPermissionError, TookTooLongError, as_start_errors


def test_a_command_that_hangs_is_named_with_its_time():
    """And where to look."""
    command = [sys.executable, Path("-c"), "import time; time.sleep(60)"]

    with (
        pytest.raises(TookTooLongError, match=r"-c 'import time.*' did not end within 0 s; look into"),
        as_start_errors(),
    ):
        subprocess.run(command, check=False, timeout=0.01)


def test_a_file_of_another_user_is_named():
    """As after a start as root in the same folder."""
    with (
        pytest.raises(NoPermissionError, match=r"^/srv/pao/\.pao/lock is not open to you .*: PAO_STATE=<folder>$"),
        as_start_errors(),
    ):
        raise PermissionError(13, "Permission denied", "/srv/pao/.pao/lock")


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (PermissionError(13, "Permission denied", "/srv/pao/.pao/lock"), "error: /srv/pao/.pao/lock is not open to"),
        (PermissionError(1, "Operation not permitted"), "error: something that this needs is not open to"),
        (subprocess.TimeoutExpired(["airflow", "db", "migrate"], 300.0), "error: 'airflow db migrate' did not end"),
    ],
)
def test_the_command_line_says_so_in_one_line(monkeypatch, capsys, failure, said):
    """Never by a traceback; the exit status is 1."""

    def fails(*_):
        raise failure

    monkeypatch.setitem(command_line.COMMANDS, "status", fails)
    monkeypatch.setattr(sys, "argv", ["pao_local", "status"])
    monkeypatch.setattr(command_line, "interrupt_on_end", lambda: None)

    assert 1 == command_line.main()
    printed = capsys.readouterr().err
    assert printed.startswith(said)
    assert 1 == printed.count("\n")
