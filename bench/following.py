"""Follows a repository as the catalog bundle does, but for the database.

Called as `python -m bench.following <folder> <commits>`.

Prints, as JSON, the seconds of the first look, those of a commit of one changed item each, and by how many bytes the
first look made the process grow.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

import psutil
from pao_local.git import git

from bench.repository import MEASURED
from catalog_compiler.airflow.access import Access
from catalog_compiler.airflow.compiled_files import CompiledFiles
from catalog_compiler.airflow.repository import Repository
from catalog_compiler.airflow.snapshot import take_snapshot
from catalog_compiler.airflow.stubs import link_stubs, write_stubs


class _Follower:
    """What the bundle keeps from one look to the next."""

    def __init__(self, url: str, folder: Path) -> None:
        self._folder = folder
        self._repository = Repository(folder=folder / "repository.git", access=Access(repo_url=url))
        self._files = CompiledFiles()
        self._stubs: dict[str, str] = {}

    def look(self) -> float:
        """Seconds until the tip's stubs are there, in the folder that is followed and in that of the version."""
        began = time.perf_counter()
        self._repository.fetch()
        snapshot = take_snapshot(self._repository, self._repository.resolve("main"), self._files)
        plans = [item.plan for item in snapshot.items.values()]
        self._stubs = write_stubs(self._folder / "stubs", "default", plans, snapshot.broken, self._stubs)
        link_stubs(self._folder / "stubs", self._stubs, self._folder / snapshot.commit)
        return time.perf_counter() - began


def main() -> None:
    """Follow, and print."""
    repository, commits = Path(sys.argv[1]), int(sys.argv[2])
    with tempfile.TemporaryDirectory(prefix="pao-follow-") as folder:
        follower = _Follower(str(repository), Path(folder))
        before = psutil.Process().memory_info().rss
        first = follower.look()
        grown = psutil.Process().memory_info().rss - before
        changes = []
        for number in range(commits):
            _change(repository, number)
            changes.append(follower.look())
    print(json.dumps({"first": first, "changes": changes, "memory": grown}))


def _change(repository: Path, number: int) -> None:
    """Commit another version of one item."""
    item = next((repository / "catalog").rglob(f"{MEASURED}.yaml"))
    text = item.read_text(encoding="utf-8")
    old = next(line for line in text.splitlines() if line.startswith("  version: "))
    item.write_text(text.replace(old, f"  version: 1.{number + 1}.0", 1), encoding="utf-8")
    git("-C", repository, "commit", "--quiet", "--all", "--message", f"Version 1.{number + 1}.0")


if __name__ == "__main__":
    main()
