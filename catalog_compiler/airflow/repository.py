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
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

from catalog_compiler.airflow.access import Access, RepositoryError
from catalog_compiler.airflow.fetching import Fetch, FetchOrder
from catalog_compiler.airflow.repository_url import without_sign_in
from catalog_compiler.document import MAX_BYTES

TIMEOUT = 120.0
"""Seconds that one git command on the clone may take."""
_DAMAGE = re.compile(
    r"\.lock': File exists|not a git repository: |bad config line"
    r"|object \S+ .*is corrupt|corrupt loose object|object file \S+ is empty|inflate:"
    r"|bad object|bad tree|unable to (?:read tree|read sha1|unpack)|missing (?:blob|tree|commit|object)"
    r"|(?:could not|unable to|failed to) (?:read|parse|get) (?:object|commit|tree)\b"
    r"|reference broken|packed-refs:|packfile \S+ |did not send all necessary objects",
    re.IGNORECASE,
)
"""How git says that the clone itself is at fault: by nothing but its words, which `LC_ALL=C` keeps English."""


_FILES = frozenset({"100644", "100755"})
_LINK = "120000"
"""Modes as git lists them."""
_LISTINGS_KEPT = 8
"""A commit's listing is asked for more than once, and by the commit after it."""


class DamagedCloneError(RepositoryError):
    """The clone on this disk is at fault: a kill left it locked, or a file of it is broken; `renew` makes it anew."""


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


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """A symbolic link of a commit; `to` is what it holds, as it stands."""

    path: str
    to: str


class _Entry(NamedTuple):
    """What git lists of a path; `size` is `-` for what is no file."""

    mode: str
    id: str
    size: str
    path: str


class Repository:
    """A bare clone in `folder` of the repository that `access` leads to."""

    def __init__(self, *, folder: Path, access: Access, root: str = "") -> None:
        """Name the clone; nothing is read yet. Paths count from the repository's folder `root`."""
        self._folder = folder
        self._access = access
        self._listings: dict[tuple[str, str], tuple[_Entry, ...]] = {}
        """Those asked for last, the newest at the end; a commit never changes."""
        self._root = f"{root.strip('/')}/" if root.strip("/") else ""

    @property
    def shown(self) -> str:
        """Where it is, for people: without how to sign in."""
        return self._access.shown

    def fetch(self) -> None:
        """Bring all branches and tags up to date, cloning first where there is no clone; raises RepositoryError."""
        _wait_for(self.start_fetch())

    def renew(self) -> None:
        """Clone anew, and only then put that in the place of the clone; raises RepositoryError, and keeps the old one.

        Commits that no branch or tag of the repository leads to any more are gone with it.
        """
        _wait_for(self.start_renewal())

    def start_fetch(self) -> Fetch:
        """Make ready what `fetch` waits for."""
        return self._fetching(self._folder, prepare=self._make_where_missing)

    def start_renewal(self) -> Fetch:
        """Make ready what `renew` waits for."""
        fresh = self._folder.with_name(self._folder.name + ".fresh")
        return self._fetching(fresh, prepare=partial(self._make, fresh), finish=partial(self._replace_with, fresh))

    def _fetching(self, folder: Path, **steps: Callable[[], None]) -> Fetch:
        fetch = ("fetch", "--quiet", "--prune", "--force", "--no-recurse-submodules", "--no-write-fetch-head", "--")
        lock = self._folder.with_name(self._folder.name + ".lock")
        order = FetchOrder(command=[*_git_in(folder), *fetch], lock=lock, judge=self._failure, **steps)
        return Fetch(order, self._access)

    def _make_where_missing(self) -> None:
        if not (self._folder / "HEAD").exists():
            self._make(self._folder)

    def _replace_with(self, fresh: Path) -> None:
        old = self._folder.with_name(self._folder.name + ".old")
        shutil.rmtree(old, ignore_errors=True)
        if self._folder.exists():
            self._folder.rename(old)
        fresh.rename(self._folder)
        self._listings.clear()
        shutil.rmtree(old, ignore_errors=True)

    def _make(self, folder: Path) -> None:
        """Make an empty clone in one step: what a kill leaves half done is never taken for a clone."""
        unfinished = folder.with_name(folder.name + ".new")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.parent.mkdir(parents=True, exist_ok=True)
        self._run(["git", "init", "--quiet", "--bare", str(unfinished)])
        shutil.rmtree(folder, ignore_errors=True)
        unfinished.rename(folder)

    def resolve(self, ref: str) -> str:
        """The commit of a branch, tag or commit id; raises RepositoryError where there is none, or no root in it."""
        commit = self._commit(ref)
        if self._root and not self.is_folder(commit, ""):
            raise RepositoryError(
                f"'{ref}' of {self.shown} has no folder '{self._root.rstrip('/')}'; correct the catalog's subdir"
            )
        return commit

    def _commit(self, ref: str) -> str:
        for name in (f"refs/heads/{ref}", f"refs/tags/{ref}", ref):
            commit = self._told("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
            if commit is not None:
                return commit
        raise RepositoryError(
            f"'{ref}' is no branch, tag or commit of {self.shown}; correct the catalog's tracking_ref"
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
        blobs = []
        for entry in self._entries(commit, path):
            if entry.mode in _FILES:
                if not entry.size.isdigit():
                    raise DamagedCloneError(f"{entry.path} can't be read from the clone of {self.shown}")
                blobs.append(Blob(path=entry.path, id=entry.id, size=int(entry.size)))
        return tuple(blobs)

    def links(self, commit: str, *paths: str) -> tuple[Link, ...]:
        """The links at or below some paths of a commit. They are never followed."""
        return tuple(
            Link(path=entry.path, to=self._git("cat-file", "blob", entry.id))
            for path in paths
            for entry in self._entries(commit, path)
            if entry.mode == _LINK
        )

    def is_folder(self, commit: str, path: str) -> bool:
        """Whether a path of a commit is a folder, as seen without following links."""
        return self._told("cat-file", "-t", f"{commit}:{self._root}{path}".rstrip("/")) == "tree"

    def parent(self, commit: str) -> str | None:
        """The commit that a commit was made on, the first of them for a merge; None for the first of all."""
        return self._told("rev-parse", "--verify", "--quiet", f"{commit}^1^{{commit}}")

    def _entries(self, commit: str, path: str) -> tuple[_Entry, ...]:
        place = self._root if path == "." else self._root + path
        known = self._listings.pop((commit, place), None)
        entries = known if known is not None else self._list(commit, place)
        self._listings[commit, place] = entries
        while len(self._listings) > _LISTINGS_KEPT:
            del self._listings[next(iter(self._listings))]
        return entries

    def _list(self, commit: str, place: str) -> tuple[_Entry, ...]:
        listing = self._git("ls-tree", "-r", "-l", "-z", "--full-tree", commit, "--", *filter(None, [place]))
        lines = (line.split("\t", 1) for line in listing.split("\0") if line)
        split = ((about.split(), name) for about, name in lines)
        return tuple(
            _Entry(mode=mode, id=blob, size=size, path=name.removeprefix(self._root))
            for (mode, _, blob, size), name in split
        )

    def read(self, blobs: Iterable[Blob], *, limit: int = MAX_BYTES) -> Generator[bytes]:
        """The contents of files, in order, by one process.

        A file of more than `limit` bytes is never read: it comes as so many zeros that it shows as too large.
        """
        blobs = tuple(blobs)
        if not blobs:
            return
        process = subprocess.Popen(  # noqa: S603 - a fixed command; ids come from git
            [*_git_in(self._folder), "cat-file", "--batch"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
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
                        raise DamagedCloneError(f"{blob.path} can't be read from the clone of {self.shown}")
                    yield content[:-1]
        except BrokenPipeError as error:
            raise DamagedCloneError(f"git ended while it read from the clone of {self.shown}") from error

    def versions(self, commit: str, path: str, *, removals: bool = False) -> Iterator[tuple[str, bytes]]:
        """The contents that a file had, from `commit` backwards, each with the commit that brought it.

        With `removals`, a commit that removed the file is one of them, and its content is empty.
        """
        kinds = "AMRD" if removals else "AMR"
        log = self._git("log", "--format=%H", f"--diff-filter={kinds}", commit, "--", self._root + path)
        for older in log.split():
            here = [blob for blob in self.blobs(older, path) if blob.path == path]
            if here or (removals and not self.links(older, path)):
                yield older, b"".join(self.read(here))

    def removed(self, commit: str, folder: str) -> tuple[str, ...]:
        """Files below a folder that were there before `commit`, and are not there now; the newest removal first."""
        place = self._root if folder == "." else self._root + folder
        log = self._git(
            "log", "--format=", "--name-only", "-z", "--diff-filter=D", "--no-renames", commit, "--", place or "."
        )
        gone = dict.fromkeys(path.removeprefix(self._root) for path in log.split("\0") if path)
        present = {blob.path for blob in self.blobs(commit, folder)}
        return tuple(path for path in gone if path not in present)

    def moved(self, path: str, old: str, new: str) -> str | None:
        """Where a file of the commit `old` is in the commit `new`, by its content; None where git can't tell."""
        if not self.has(old):
            return None
        told = self._git("diff", "--name-status", "--find-renames", "--diff-filter=R", "-z", old, new).split("\0")
        renamed = dict(zip(told[1::3], told[2::3], strict=False))
        moved = renamed.get(self._root + path)
        return moved.removeprefix(self._root) if moved and moved.startswith(self._root) else None

    def _told(self, *arguments: str) -> str | None:
        """What git says of something; None where there is no such thing. Raises DamagedCloneError."""
        try:
            return self._git(*arguments).strip()
        except DamagedCloneError:
            raise
        except RepositoryError:
            return None

    def _git(self, *arguments: str) -> str:
        return self._run([*_git_in(self._folder), *arguments]).decode("utf-8", "replace")

    def _run(self, command: list[str]) -> bytes:
        try:
            done = subprocess.run(  # noqa: S603 - no shell; refs are passed after --end-of-options or as refs/...
                command, capture_output=True, check=False, timeout=TIMEOUT, env=_environment()
            )
        except subprocess.TimeoutExpired:
            raise RepositoryError(f"git did not answer within {TIMEOUT:.0f} s for {self.shown}") from None
        except FileNotFoundError:
            raise RepositoryError("git is not installed here; install it") from None
        if done.returncode:
            raise self._failure(done.stderr.decode("utf-8", "replace"))
        return done.stdout

    def _failure(self, said: str) -> RepositoryError:
        shown = without_sign_in(said.strip()) or "no message"
        kind = DamagedCloneError if _DAMAGE.search(shown) else RepositoryError
        return kind(f"git could not read {self.shown}: {shown}")


def _wait_for(fetch: Fetch) -> None:
    while not fetch.ended(within=TIMEOUT):
        pass
    fetch.result()


def _git_in(folder: Path) -> list[str]:
    # Paths are meant as they stand, and the clone is this one, whatever the caller's environment says.
    return ["git", "--literal-pathspecs", "--git-dir", str(folder)]


def _environment() -> dict[str, str]:
    return {**os.environ, "LC_ALL": "C"}
