"""The catalog's git repository, as a bare clone: fetched by Airflow's git connection, read without a working tree.

Nothing is checked out, so symlinks, hooks, filters and submodules of the repository never take effect, and a fetch that
fails leaves what was there before.
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from airflow.providers.git.hooks.git import GitHook

READ_LIMIT = 2 * 1024 * 1024
"""Bytes that are read of a file: more than a catalog file may have, so that one that is too large shows as such."""
TIMEOUT = 120.0
"""Seconds that one git command may take."""


class RepositoryError(Exception):
    """The repository can't be reached or read; the message is git's, with what to check."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CommitInfo:
    """Who committed what, when."""

    commit: str
    author: str
    message: str
    committed_at: dt.datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Blob:
    """A file of a commit; equal ids mean equal contents."""

    path: str
    id: str


class Repository:
    """A bare clone in `folder` of the repository at `url`."""

    def __init__(self, *, folder: Path, url: str, hook: GitHook | None) -> None:
        """Name the clone; nothing is read yet. `hook` signs in where the repository asks for it."""
        self._folder = folder
        self._url = url
        self._hook = hook

    def fetch(self) -> None:
        """Bring all branches and tags up to date, cloning first where there is no clone; raises RepositoryError."""
        if not (self._folder / "HEAD").exists():
            self._make()
        with self._hook.configure_hook_env() if self._hook else nullcontext():
            self._git(
                "fetch", "--quiet", "--prune", "--force", "--no-recurse-submodules", "--no-write-fetch-head",
                self._url, "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*",
                env=self._hook.env if self._hook else {},
            )  # fmt: skip

    def _make(self) -> None:
        """Make the empty clone in one step: what a kill leaves half done is never taken for a clone."""
        unfinished = self._folder.with_name(self._folder.name + ".new")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.parent.mkdir(parents=True, exist_ok=True)
        self._run(["git", "init", "--quiet", "--bare", str(unfinished)], env={})
        shutil.rmtree(self._folder, ignore_errors=True)
        unfinished.rename(self._folder)

    def resolve(self, ref: str) -> str:
        """The commit of a branch, tag or commit id; raises RepositoryError where there is none."""
        for name in (f"refs/heads/{ref}", f"refs/tags/{ref}", ref):
            try:
                return self._git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}").strip()
            except RepositoryError:
                continue
        raise RepositoryError(f"'{ref}' is no branch, tag or commit of {self._url}; correct the catalog's tracking_ref")

    def has(self, commit: str) -> bool:
        """Whether the clone holds that commit."""
        try:
            self._git("cat-file", "-e", f"{commit}^{{commit}}")
        except RepositoryError:
            return False
        return True

    def describe(self, commit: str) -> CommitInfo:
        """Author, message and time of a commit."""
        text = self._git("show", "--no-patch", "--format=%an <%ae>%x00%cI%x00%B", commit)
        author, time, message = text.split("\0", 2)
        return CommitInfo(
            commit=commit, author=author, message=message.strip(), committed_at=dt.datetime.fromisoformat(time)
        )

    def blobs(self, commit: str, path: str) -> tuple[Blob, ...]:
        """The regular files at or below a path of a commit; links and submodules are none of them."""
        place = [] if path == "." else [path]
        listing = self._git("ls-tree", "-r", "-z", "--full-tree", commit, "--", *place)
        blobs = []
        for line in filter(None, listing.split("\0")):
            about, name = line.split("\t", 1)
            mode, _, blob = about.split()
            if mode in {"100644", "100755"}:
                blobs.append(Blob(path=name, id=blob))
        return tuple(blobs)

    def read(self, blobs: Iterable[Blob], *, limit: int = READ_LIMIT) -> Iterator[bytes]:
        """The contents of files, in order, by one process; of a larger one only the first `limit` bytes."""
        process = subprocess.Popen(  # noqa: S603 - a fixed command; ids come from git
            [*self._command(), "cat-file", "--batch"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=self._environment({}),
        )
        assert process.stdin is not None  # noqa: S101 - tells the type checker what PIPE means
        assert process.stdout is not None  # noqa: S101
        with process:
            for blob in blobs:
                process.stdin.write(blob.id.encode() + b"\n")
                process.stdin.flush()
                left = int(process.stdout.readline().split()[2])
                content = process.stdout.read(min(left, limit))
                left -= len(content)
                while left > 0:
                    left -= len(process.stdout.read(min(left, limit)))
                process.stdout.read(1)
                yield content
            process.stdin.close()

    def versions(self, commit: str, path: str) -> Iterator[tuple[str, bytes]]:
        """The contents that a file had, from `commit` backwards, each with the commit that brought it."""
        log = self._git("log", "--format=%H", "--diff-filter=AMR", commit, "--", path)
        for older in log.split():
            yield older, self._git_bytes("cat-file", "blob", f"{older}:{path}")

    def removed(self, commit: str, folder: str) -> tuple[str, ...]:
        """Files below a folder that were there before `commit`, and are not there now; the newest removal first."""
        log = self._git(
            "log", "--format=", "--name-only", "-z", "--diff-filter=D", "--no-renames", commit, "--", folder
        )
        present = {blob.path for blob in self.blobs(commit, folder)}
        return tuple(dict.fromkeys(path for path in log.split("\0") if path and path not in present))

    def _command(self) -> list[str]:
        # Paths are meant as they stand, and the clone is this one, whatever the caller's environment says.
        return ["git", "--literal-pathspecs", "--git-dir", str(self._folder)]

    def _git(self, *arguments: str, env: Mapping[str, str] | None = None) -> str:
        return self._run([*self._command(), *arguments], env=env or {}).decode("utf-8", "replace")

    def _git_bytes(self, *arguments: str) -> bytes:
        return self._run([*self._command(), *arguments], env={})

    def _run(self, command: list[str], *, env: Mapping[str, str]) -> bytes:
        try:
            done = subprocess.run(  # noqa: S603 - no shell; refs are passed after --end-of-options or as refs/...
                command, capture_output=True, check=False, timeout=TIMEOUT, env=self._environment(env)
            )
        except subprocess.TimeoutExpired:
            raise RepositoryError(f"git did not answer within {TIMEOUT:.0f} s for {self._url}") from None
        except FileNotFoundError:
            raise RepositoryError("git is not installed here; install it") from None
        if done.returncode:
            said = done.stderr.decode("utf-8", "replace").strip() or "no message"
            raise RepositoryError(f"git could not read {self._url}: {said}")
        return done.stdout

    @staticmethod
    def _environment(more: Mapping[str, str]) -> dict[str, str]:
        return {
            **os.environ,
            "GIT_TERMINAL_PROMPT": "0",
            "LC_ALL": "C",
            **more,
        }
