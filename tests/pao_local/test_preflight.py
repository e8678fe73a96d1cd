"""What is wrong with the machine is said before anything is started."""

from __future__ import annotations

import errno
import socket
from pathlib import Path

import pytest
from pao_local import preflight
from pao_local.errors import DiskFullError, MissingToolError, PortInUseError
from pao_local.settings import Settings


def test_a_used_port_is_named_with_another_one_to_try():
    """The port itself, and that of the example target."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        settings = Settings(root=Path(), state=Path(), port=port, catalog="")

        with pytest.raises(PortInUseError, match=f"port {port}, which the API server needs, .* make run PORT="):
            preflight.check_ports(settings)


def test_a_full_disk_is_told_with_what_is_left(tmp_path):
    """Checked against more than any disk has."""
    with pytest.raises(DiskFullError, match=f"left on the disk of {tmp_path}; free at least 1 GiB"):
        preflight.check_disk(tmp_path, needed=2**80)


def test_a_disk_that_fills_up_meanwhile_gives_the_same_sentence(tmp_path):
    """Other errors stay what they are."""
    with pytest.raises(DiskFullError, match="no space left"), preflight.disk_errors(tmp_path):
        raise OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(PermissionError), preflight.disk_errors(tmp_path):
        raise PermissionError(errno.EACCES, "Permission denied")


def test_missing_git_is_named(monkeypatch, tmp_path):
    """With what to do."""
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(MissingToolError, match="git is not installed, or not on the PATH; install it"):
        preflight.check_tools()
