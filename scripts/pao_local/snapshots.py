"""Snapshots of a plain catalog folder as commits in a private bare repository.

Made with git's plumbing alone: the folder is read, nothing is written into it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pao_local.git import GitError, git

BRANCH = "main"
CATALOG_FOLDER = "catalog"
CATALOG_SETTINGS = ".pao.yaml"
SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshots:
    """The folder and the repository that its snapshots go to."""

    folder: Path
    """Holds `catalog/`, or is it."""
    repository: Path
    """Made at the first snapshot."""

    @property
    def items(self) -> Path:
        """The folder with the items."""
        inner = self.folder / CATALOG_FOLDER
        return inner if inner.is_dir() else self.folder

    def files(self) -> Iterator[tuple[str, Path]]:
        """What a snapshot holds: the name in the repository, and the file."""
        settings = self.folder / CATALOG_SETTINGS
        if settings.is_file():
            yield CATALOG_SETTINGS, settings
        for parent, _, names in os.walk(self.items):
            for name in names:
                path = Path(parent, name)
                # git reads paths line by line.
                if name.endswith(SUFFIXES) and path != settings and "\n" not in str(path):
                    yield f"{CATALOG_FOLDER}/{path.relative_to(self.items).as_posix()}", path

    def fingerprint(self) -> tuple[tuple[str, int, int], ...]:
        """Changes when a file does: paths, sizes and times of change; cheap enough for polling."""
        found = []
        for _, path in self.files():
            try:
                status = path.stat()
            except FileNotFoundError:
                continue
            found.append((str(path), status.st_size, status.st_mtime_ns))
        return tuple(sorted(found))

    def take(self) -> str | None:
        """Commit the folder's present content; the commit's id, or None where nothing changed."""
        if not self.repository.exists():
            git("init", "--quiet", "--bare", f"--initial-branch={BRANCH}", self.repository)
        tree = self._write_tree()
        parent = self._revision(f"refs/heads/{BRANCH}")
        if parent and tree == self._revision(f"{parent}^{{tree}}"):
            return None
        lineage = ("-p", parent) if parent else ()
        commit = self._git("commit-tree", tree, *lineage, "-m", f"Snapshot of {self.folder}")
        self._git("update-ref", f"refs/heads/{BRANCH}", commit)
        return commit

    def _write_tree(self) -> str:
        files = sorted(self.files())
        paths = "".join(f"{path}\n" for _, path in files)
        blobs = self._git("hash-object", "-w", "--no-filters", "--stdin-paths", stdin=paths).split()
        entries = "".join(f"100644 {blob}\t{name}\0" for (name, _), blob in zip(files, blobs, strict=True))
        index = self.repository / "snapshot.index"
        index.unlink(missing_ok=True)
        extra = {"GIT_INDEX_FILE": str(index)}
        self._git("update-index", "-z", "--add", "--index-info", extra=extra, stdin=entries)
        return self._git("write-tree", extra=extra)

    def _revision(self, name: str) -> str | None:
        try:
            return self._git("rev-parse", "--verify", "--quiet", name)
        except GitError:
            return None

    def _git(self, *arguments: str | Path, extra: dict[str, str] | None = None, stdin: str = "") -> str:
        return git(f"--git-dir={self.repository}", *arguments, extra=extra, stdin=stdin)
