"""What was pushed, in terms that all hosts share, and whether a catalog follows it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

BRANCHES = "refs/heads/"
TAGS = "refs/tags/"
_SSH_SHORT = re.compile(r"(?:[^@/:]+@)?(?P<host>[^@/:]+):(?P<path>(?!//).+)")
"""Git's short form of an SSH address, such as `git@github.com:example/catalog.git`."""
_ALIASES = {
    "ssh.github.com": "github.com",
    "altssh.gitlab.com": "gitlab.com",
    "altssh.bitbucket.org": "bitbucket.org",
}
"""Hosts' names for SSH through the port of HTTPS."""
_NO_HOST = "/"
"""How the name of what is on a disk begins."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Push:
    """Branches and tags that were made, moved or deleted in one repository."""

    repositories: frozenset[str]
    """The repository's names (`repository_name`); none where the notice does not tell them."""
    refs: frozenset[str]
    """In full: `refs/heads/main`, `refs/tags/v1`."""

    def moves(self, repository: str | None, tracking_ref: str) -> bool:
        """Whether a catalog of that repository may have to change.

        The ref decides alone where either repository is not known, and for a catalog that reads from a disk: what
        stands there may be a copy of any repository.
        """
        name = repository_name(repository or "")
        if not name.startswith(_NO_HOST) and self.repositories and name not in self.repositories:
            return False
        return not self.refs.isdisjoint({tracking_ref, BRANCHES + tracking_ref, TAGS + tracking_ref})


def push_of(urls: Iterable[str | None], refs: Iterable[str]) -> Push:
    """A push to a repository that can be cloned by any of the URLs."""
    return Push(repositories=frozenset(repository_name(url) for url in urls if url), refs=frozenset(refs))


def repository_name(url: str) -> str:
    """Host and path of a clone URL, the same for HTTPS, SSH and git's short form of it; a path on disk is its own."""
    short = _SSH_SHORT.fullmatch(url)
    if short is not None and "://" not in url:
        host, path = short["host"], short["path"]
    else:
        host, path = _parted(url)
    host = host.lower()
    # Bitbucket Data Center has this before the path of HTTPS, and nothing before that of SSH.
    path = path.lower().strip("/").removesuffix(".git").removeprefix("scm/")
    return f"{_ALIASES.get(host, host)}/{path}"


def _parted(url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(url)
    except ValueError:
        return "", url
    return parts.hostname or "", parts.path
