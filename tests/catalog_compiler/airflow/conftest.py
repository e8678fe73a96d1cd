"""Git repositories of catalogs, as teams push them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from catalog_compiler.airflow.access import Access
from catalog_compiler.airflow.repository import Repository

_IDENTITY = {
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.com",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.com",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
}


class Origin:
    """A repository on a server: `commit` changes files on `main` and pushes, in a later minute each time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.minute = 0
        folder.mkdir()
        self.git("init", "--quiet", "--initial-branch=main")

    @property
    def url(self):
        return str(self.folder)

    def git(self, *arguments):
        time = f"2026-01-31T10:{self.minute:02}:00Z"
        env = {**os.environ, **_IDENTITY, "GIT_AUTHOR_DATE": time, "GIT_COMMITTER_DATE": time}
        command = ["git", "-C", str(self.folder), *arguments]
        return subprocess.run(command, env=env, check=True, capture_output=True, text=True).stdout.strip()

    def commit(self, files=(), *, message="Change the catalog", amend=False):
        """Write these files (None removes one) and commit; the commit's id."""
        for path, content in dict(files).items():
            place = self.folder / path
            if content is None:
                place.unlink()
                continue
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content if isinstance(content, bytes) else content.encode())
        return self.commit_tree(message, amend=amend)

    def commit_tree(self, message="Change the catalog", *, amend=False):
        """Commit the working tree as it is."""
        self.minute += 1
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", message, *(["--amend"] if amend else []))
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def origin(tmp_path):
    """An empty repository on a server."""
    return Origin(tmp_path / "origin")


@pytest.fixture
def repository(origin, tmp_path):
    """Its clone, not fetched yet."""
    return Repository(folder=tmp_path / "clone.git", access=Access(repo_url=origin.url))
