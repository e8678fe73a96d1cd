"""Reads a catalog's files as they were at a commit, from the git work tree that a folder stands in.

The only part of the compiler that runs git; read-only, and nothing is checked out.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from catalog_compiler.catalog_files import SUFFIX
from catalog_compiler.document import MAX_BYTES

_TIMEOUT = 60.0
"""Seconds that one git command may take."""
_OF_A_REPOSITORY = frozenset(
    {
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_COMMON_DIR",
        "GIT_DIR",
        "GIT_INDEX_FILE",
        "GIT_NAMESPACE",
        "GIT_OBJECT_DIRECTORY",
        "GIT_PREFIX",
        "GIT_WORK_TREE",
    }
)
"""Variables that git sets for hooks; with them, git would not look for the repository of the folder."""
_FILE = b"100"
"""How the mode of a plain file starts; links and submodules are not read."""


class GitError(Exception):
    """Git can't tell; the message says why and what to do."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Blob:
    """A file of a commit; `size` is in bytes."""

    id: bytes
    size: int


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkTree:
    """A folder inside a git work tree."""

    folder: Path

    @classmethod
    def around(cls, folder: Path) -> WorkTree | None:
        """The work tree that `folder` stands in, or None where there is none, or no git."""
        tree = cls(folder=folder)
        try:
            inside = tree._git("rev-parse", "--is-inside-work-tree").strip()
        except GitError:
            return None
        return tree if inside == b"true" else None

    def branched_off(self, ref: str) -> str:
        """The commit at which the checked-out one left `ref`; that of `ref` where they have none in common.

        So a branch is compared with what it started from, whatever others have added to `ref` since.

        Raises:
            GitError: if there is no such commit.
        """
        commit = self._commit(ref)
        try:
            return self._git("merge-base", commit, "HEAD").decode().strip()
        except GitError:
            return commit

    def files(self, commit: str, now: Mapping[str, bytes]) -> dict[str, bytes]:
        """The YAML files below the folder at a commit, with their paths from the folder.

        Only what changed since then is read from git. What did not is taken from `now`, the files as they are in the
        work tree, and left out where it is not in there.

        Raises:
            GitError: if git can't read them.
        """
        listed = self._listed(commit)
        changed = self._changed(commit) & listed.keys()
        small = {path: listed[path].id for path in sorted(changed) if listed[path].size <= MAX_BYTES}
        contents = zip(small, self._contents(list(small.values())), strict=True)
        return {path: now[path] for path in listed.keys() & now.keys() - changed} | dict(contents)

    def _changed(self, commit: str) -> set[str]:
        """What is not in the work tree as it is in the commit."""
        told = self._git("diff", "--name-only", "-z", "--relative", "--no-renames", "--ignore-submodules", commit, "--")
        return {path.decode("utf-8", "surrogateescape") for path in told.split(b"\0") if path}

    def _listed(self, commit: str) -> dict[str, _Blob]:
        listed = self._git("ls-tree", "-r", "-z", "--long", commit, "--", ".").split(b"\0")
        entries = [entry.partition(b"\t") for entry in listed if entry]
        blobs = [
            (path.decode("utf-8", "surrogateescape"), details.split())
            for details, _, path in entries
            if details.startswith(_FILE) and path.endswith(SUFFIX.encode())
        ]
        return {path: _Blob(id=parts[2], size=int(parts[3])) for path, parts in blobs}

    def _commit(self, ref: str) -> str:
        """The id of what `ref` names; one that looks like an option names nothing."""
        self._git("rev-parse", "--git-dir")
        try:
            safe = f"./{ref}" if ref.startswith("-") else ref
            return self._git("rev-parse", "--verify", "--quiet", f"{safe}^{{commit}}").decode().strip()
        except GitError as error:
            raise GitError(
                f"there is no commit '{ref}' here; name a branch, tag or commit, and fetch it first "
                "(in CI with the whole history)"
            ) from error

    def _contents(self, names: list[bytes]) -> Iterator[bytes]:
        """What `git cat-file --batch` answers: a line that ends with the size, the content, a line break."""
        answer = self._git("cat-file", "--batch", stdin=b"\n".join([*names, b""])) if names else b""
        position = 0
        for _ in names:
            end = answer.index(b"\n", position)
            size = int(answer[position:end].rsplit(b" ", 1)[1])
            yield answer[end + 1 : end + 1 + size]
            position = end + size + 2

    def _git(self, *arguments: str, stdin: bytes = b"") -> bytes:
        inherited = {name: value for name, value in os.environ.items() if name not in _OF_A_REPOSITORY}
        environment = {**inherited, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
        command = ["git", "-C", str(self.folder), *arguments]
        try:
            done = subprocess.run(  # noqa: S603 - a list of arguments, none of which can be an option of somebody else's
                command, env=environment, input=stdin, capture_output=True, timeout=_TIMEOUT, check=False
            )
        except FileNotFoundError as error:
            raise GitError("git is not installed, or not on the PATH; install it") from error
        except subprocess.TimeoutExpired as error:
            raise GitError(f"git gave no answer within {_TIMEOUT:.0f} seconds; try again") from error
        if done.returncode:
            reason = done.stderr.decode("utf-8", "replace").strip().removeprefix("fatal: ")
            raise GitError(reason.partition("\n")[0] or f"git {arguments[0]} failed")
        return done.stdout
