"""The catalog's git repository, as a bare clone: fetched by Airflow's git connection, read without a working tree.

Nothing is checked out, so symlinks, hooks, filters and submodules of the repository never take effect, and a fetch that
fails leaves what was there before.
"""

from __future__ import annotations

import datetime as dt
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from airflow.providers.git.hooks.git import GitHook

from catalog_compiler.document import MAX_BYTES

TIMEOUT = 120.0
"""Seconds that one git command may take."""
_SIGN_IN = re.compile(r"(?<=://)(?:[^/\s]*@|[^/\s:]*:(?!\d*(?:[/\s]|$))\S*@)")
"""User and password in a URL; in the second form the password holds a slash that should have been encoded."""
_DAMAGE = re.compile(
    r"\.lock': File exists|not a git repository: |bad config line"
    r"|object \S+ .*is corrupt|corrupt loose object|object file \S+ is empty|inflate:"
    r"|bad object|bad tree|unable to (?:read tree|read sha1|unpack)|missing (?:blob|tree|commit|object)"
    r"|(?:could not|unable to|failed to) (?:read|parse|get) (?:object|commit|tree)\b"
    r"|reference broken|packed-refs:|packfile \S+ |did not send all necessary objects",
    re.IGNORECASE,
)
"""How git says that the clone itself is at fault: by nothing but its words, which `LC_ALL=C` keeps English."""


class RepositoryError(Exception):
    """The repository can't be reached or read; the message is git's, with what to check."""


class DamagedCloneError(RepositoryError):
    """The clone on this disk is at fault: a kill left it locked, or a file of it is broken; `renew` makes it anew."""


def without_sign_in(text: str) -> str:
    """The text with user and password taken out of every URL in it, so that it may be shown to anyone."""
    return _SIGN_IN.sub("", text)


@dataclass(frozen=True, kw_only=True, slots=True)
class CommitInfo:
    """Who committed what, when."""

    commit: str
    author: str
    message: str
    committed_at: dt.datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Blob:
    """A file of a commit; equal ids mean equal contents. `size` is in bytes."""

    path: str
    id: str
    size: int


class Repository:
    """A bare clone in `folder` of the repository at `url`."""

    def __init__(self, *, folder: Path, url: str, hook: GitHook | None) -> None:
        """Name the clone; nothing is read yet. `hook` signs in where the repository asks for it."""
        self._folder = folder
        self._url = url
        self._shown_url = without_sign_in(url)
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

    def renew(self) -> None:
        """Clone anew, and only then put that in the place of the clone; raises RepositoryError, and keeps the old one.

        Commits that no branch or tag of the repository leads to any more are gone with it.
        """
        fresh, old = (self._folder.with_name(self._folder.name + end) for end in (".fresh", ".old"))
        for left_over in (fresh, old):
            shutil.rmtree(left_over, ignore_errors=True)
        Repository(folder=fresh, url=self._url, hook=self._hook).fetch()
        if self._folder.exists():
            self._folder.rename(old)
        fresh.rename(self._folder)
        shutil.rmtree(old, ignore_errors=True)

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
            except DamagedCloneError:
                raise
            except RepositoryError:
                continue
        raise RepositoryError(
            f"'{ref}' is no branch, tag or commit of {self._shown_url}; correct the catalog's tracking_ref"
        )

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
        listing = self._git("ls-tree", "-r", "-l", "-z", "--full-tree", commit, "--", *place)
        blobs = []
        for line in filter(None, listing.split("\0")):
            about, name = line.split("\t", 1)
            mode, _, blob, size = about.split()
            if mode in {"100644", "100755"}:
                if not size.isdigit():
                    raise DamagedCloneError(f"{name} can't be read from the clone of {self._shown_url}")
                blobs.append(Blob(path=name, id=blob, size=int(size)))
        return tuple(blobs)

    def read(self, blobs: Iterable[Blob], *, limit: int = MAX_BYTES) -> Iterator[bytes]:
        """The contents of files, in order, by one process.

        A file of more than `limit` bytes is never read: it comes as so many zeros that it shows as too large.
        """
        process = subprocess.Popen(  # noqa: S603 - a fixed command; ids come from git
            [*self._command(), "cat-file", "--batch"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=self._environment({}),
        )
        assert process.stdin is not None  # noqa: S101 - tells the type checker what PIPE means
        assert process.stdout is not None  # noqa: S101
        try:
            with process:
                for blob in blobs:
                    if blob.size > limit:
                        yield bytes(limit + 1)
                        continue
                    process.stdin.write(blob.id.encode() + b"\n")
                    process.stdin.flush()
                    header = process.stdout.readline().split()
                    content = process.stdout.read(blob.size + 1)
                    if header[1:] != [b"blob", str(blob.size).encode()] or len(content) != blob.size + 1:
                        raise DamagedCloneError(f"{blob.path} can't be read from the clone of {self._shown_url}")
                    yield content[:-1]
        except BrokenPipeError as error:
            raise DamagedCloneError(f"git ended while it read from the clone of {self._shown_url}") from error

    def versions(self, commit: str, path: str, *, removals: bool = False) -> Iterator[tuple[str, bytes]]:
        """The contents that a file had, from `commit` backwards, each with the commit that brought it.

        With `removals`, a commit that removed the file is one of them, and its content is empty.
        """
        kinds = "AMRD" if removals else "AMR"
        log = self._git("log", "--format=%H", f"--diff-filter={kinds}", commit, "--", path)
        for older in log.split():
            here = [blob for blob in self.blobs(older, path) if blob.path == path]
            if here or removals:
                yield older, b"".join(self.read(here))

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

    def _run(self, command: list[str], *, env: Mapping[str, str]) -> bytes:
        try:
            done = subprocess.run(  # noqa: S603 - no shell; refs are passed after --end-of-options or as refs/...
                command, capture_output=True, check=False, timeout=TIMEOUT, env=self._environment(env)
            )
        except subprocess.TimeoutExpired:
            raise RepositoryError(f"git did not answer within {TIMEOUT:.0f} s for {self._shown_url}") from None
        except FileNotFoundError:
            raise RepositoryError("git is not installed here; install it") from None
        if done.returncode:
            said = without_sign_in(done.stderr.decode("utf-8", "replace").strip()) or "no message"
            kind = DamagedCloneError if _DAMAGE.search(said) else RepositoryError
            raise kind(f"git could not read {self._shown_url}: {said}")
        return done.stdout

    @staticmethod
    def _environment(more: Mapping[str, str]) -> dict[str, str]:
        return {
            **os.environ,
            "GIT_TERMINAL_PROMPT": "0",
            "LC_ALL": "C",
            **more,
        }
