"""A plain folder's content becomes commits; the folder itself is never written to."""

from __future__ import annotations

from pathlib import Path

import pytest
from pao_local.git import git
from pao_local.snapshots import Snapshots


@pytest.fixture
def snapshots(tmp_path: Path) -> Snapshots:
    folder = tmp_path / "mine" / "catalog"
    folder.mkdir(parents=True)
    (folder / "db.yaml").write_text("version: 1\n")
    return Snapshots(folder=folder, repository=tmp_path / "private.git")


def content(snapshots: Snapshots, name: str) -> str:
    return git(f"--git-dir={snapshots.repository}", "show", f"main:{name}")


def test_a_change_is_a_commit_on_top_of_the_one_before(snapshots):
    """So that the catalog has a history to find an item's last valid revision in."""
    first = snapshots.take()
    (snapshots.folder / "db.yaml").write_text("version: 2\n")
    second = snapshots.take()

    assert content(snapshots, "catalog/db.yaml") == "version: 2"
    assert git(f"--git-dir={snapshots.repository}", "rev-parse", f"{second}^") == first


def test_without_a_change_there_is_no_commit(snapshots):
    """A start that changes nothing publishes nothing."""
    snapshots.take()

    assert snapshots.take() is None


def test_a_removed_file_is_removed(snapshots):
    """The item is retired by the next commit."""
    (snapshots.folder / "queue.yaml").write_text("version: 1\n")
    snapshots.take()
    (snapshots.folder / "queue.yaml").unlink()
    snapshots.take()

    names = git(f"--git-dir={snapshots.repository}", "ls-tree", "-r", "--name-only", "main")
    assert names == "catalog/db.yaml"


def test_bytes_are_kept_as_they_are(snapshots):
    """No line ending is converted: positions in messages must fit what the author sees."""
    (snapshots.folder / "db.yaml").write_bytes(b"version: 1\r\n")
    snapshots.take()

    blob = git(f"--git-dir={snapshots.repository}", "rev-parse", "main:catalog/db.yaml")
    assert git(f"--git-dir={snapshots.repository}", "cat-file", "-s", blob) == str(len(b"version: 1\r\n"))


def test_nothing_is_written_into_the_folder(snapshots):
    """It is the user's own."""
    snapshots.take()

    assert [path.name for path in snapshots.folder.iterdir()] == ["db.yaml"]


def test_the_fingerprint_changes_with_a_file_alone(snapshots):
    """What the watcher compares every two seconds."""
    before = snapshots.fingerprint()
    assert snapshots.fingerprint() == before

    (snapshots.folder / "db.yaml").write_text("version: 1 # changed\n")
    assert snapshots.fingerprint() != before


def test_the_callers_own_git_settings_change_nothing(snapshots, monkeypatch, tmp_path):
    """A start out of a git hook has GIT_DIR set to the hook's repository."""
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "other"))

    assert snapshots.take()
    assert not (tmp_path / "other").exists()
