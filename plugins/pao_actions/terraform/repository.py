"""Fetches one commit of a repository into a folder, through a bare clone that all runs of a worker share."""

from __future__ import annotations

import difflib
import hashlib
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pao_actions.exceptions import ActionError, PermanentError, TemporaryError
from pao_actions.terraform.addresses import COMMIT
from pao_actions.terraform.config import TerraformConfig
from pao_actions.terraform.folders import locked
from pao_actions.terraform.git_access import GitAccess
from pao_actions.terraform.process import Finished, run_plain

MOST_PACKS = 200
"""Fetches into one clone, after which it is made anew: what is fetched is never packed together."""

_PERMANENT = re.compile(
    r"authentication failed|could not read (username|password)|terminal prompts disabled|permission denied|not found|"
    r"does not appear to be a git repository|does not exist|access denied|host key verification failed|"
    r"not our ref|couldn't find remote ref|unadvertised object|"
    r"transport '[^']*' not allowed|dubious ownership|\b40[134]\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Ref:
    """What an item asks for: `name` is a branch, a tag, a commit, or a branch or tag."""

    kind: str
    name: str

    @classmethod
    def of(cls, config: TerraformConfig) -> Ref:
        """The one that a config names, or the default branch."""
        for kind in ("branch", "tag", "commit", "ref"):
            if name := getattr(config, kind):
                return cls(kind="commit" if COMMIT.fullmatch(name) else kind, name=name)
        return cls(kind="default", name="HEAD")

    @property
    def full_names(self) -> tuple[str, ...]:
        """As a server lists them, the first one found counts."""
        heads, tags = f"refs/heads/{self.name}", f"refs/tags/{self.name}"
        return {"branch": (heads,), "tag": (tags,), "ref": (heads, tags)}.get(self.kind, ("HEAD",))

    def __str__(self) -> str:
        return "the default branch" if self.kind == "default" else f"{self.kind} '{self.name}'"


@dataclass(frozen=True, kw_only=True, slots=True)
class Repository:
    """A repository, its clone's place, and the environment of git."""

    access: GitAccess
    clones: Path
    environment: Mapping[str, str]

    @property
    def clone(self) -> Path:
        """The bare clone."""
        return self.clones / f"{hashlib.sha256(self.access.url.encode()).hexdigest()[:32]}.git"

    async def resolve(self, ref: Ref) -> str:
        """The commit that a ref is at now.

        Raises:
            PermanentError: if there is none, or the repository can't be read.
            TemporaryError: if its host is away.
        """
        if ref.kind == "commit":
            return ref.name
        listed = await self._git("ls-remote", "--", self.access.url, *ref.full_names, *self._peeled(ref))
        found = dict(line.split("\t")[::-1] for line in listed.output.decode("utf-8", "replace").splitlines())
        for name in ref.full_names:
            if commit := found.get(f"{name}^{{}}") or found.get(name):
                return commit
        raise PermanentError(f"{self.access.url} has no {ref}{await self._near(ref)}")

    async def check_out(self, commit: str, ref: Ref, folder: Path, index: Path) -> None:
        """Write the files of a commit into an empty folder; its hooks, filters and submodules do nothing."""
        async with locked(self.clone.with_suffix(".lock")):
            await self._fetch(commit, ref)
            place = (f"--git-dir={self.clone}", f"--work-tree={folder}")
            for command in (("read-tree", commit), ("checkout-index", "--all", "--quiet")):
                await self._git(*place, *command, cwd=folder, more={"GIT_INDEX_FILE": str(index)})

    @staticmethod
    def _peeled(ref: Ref) -> tuple[str, ...]:
        """The commits behind annotated tags."""
        return tuple(f"{name}^{{}}" for name in ref.full_names if name.startswith("refs/tags/"))

    async def _fetch(self, commit: str, ref: Ref) -> None:
        """Have the commit in the clone: by its ref as long as that is there, by itself, or among all there is."""
        if not self._usable():
            await self._git("init", "--quiet", "--bare", "--template=", "--", str(self.clone))
        if await self._has(commit):
            return
        wanted = [] if ref.kind == "commit" else [("--depth=1", *ref.full_names[:1])]
        wanted += [("--depth=1", commit), ("+refs/heads/*:refs/pao/heads/*", "+refs/tags/*:refs/pao/tags/*")]
        error: ActionError | None = None
        for options in wanted:
            depth, refs = (options[:1], options[1:]) if options[0].startswith("--") else ((), options)
            try:
                await self._git(
                    f"--git-dir={self.clone}", "fetch", "--quiet", "--no-tags", *depth, "--", self.access.url, *refs
                )
                error = None
            except ActionError as failure:
                error = failure
            if await self._has(commit):
                return
        if isinstance(error, TemporaryError):
            raise error
        raise PermanentError(f"{self.access.url} has no commit {commit}; was it pushed, or its branch rewritten?")

    def _usable(self) -> bool:
        """Whether there is a clone; one that has grown too far is removed."""
        if len(list(self.clone.glob("objects/pack/*.pack"))) > MOST_PACKS:
            shutil.rmtree(self.clone)
        return self.clone.exists()

    async def _has(self, commit: str) -> bool:
        command = ["git", f"--git-dir={self.clone}", "cat-file", "-e", f"{commit}^{{commit}}"]
        return (await run_plain(command, cwd=self.clones, environment=self.environment)).code == 0

    async def _near(self, ref: Ref) -> str:
        listed = await self._git("ls-remote", "--heads", "--tags", "--refs", "--", self.access.url)
        names = [line.split("\t")[1].split("/", 2)[2] for line in listed.output.decode("utf-8", "replace").splitlines()]
        near = difflib.get_close_matches(ref.name, names, n=3) or names[:5]
        return f"; there are {', '.join(near)}" if near else "; it is empty"

    async def _git(self, *arguments: str, cwd: Path | None = None, more: Mapping[str, str] | None = None) -> Finished:
        environment = {**self.environment, **(more or {})}
        done = await run_plain(["git", *arguments], cwd=cwd or self.clones, environment=environment)
        if done.code != 0:
            raise self._error(done.errors)
        return done

    def _error(self, errors: str) -> ActionError:
        lines = [line.strip() for line in errors.splitlines() if line.strip()]
        telling = [line for line in lines if line.lower().startswith(("fatal", "error", "remote"))] or lines
        message = f"{self.access.url} can't be read: {' '.join(telling[:3]) or 'git said nothing'}"
        if _PERMANENT.search(errors):
            return PermanentError(f"{message}; check the repository's name, and the connection's credentials")
        return TemporaryError(message, arrived=False)
