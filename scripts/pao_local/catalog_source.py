"""Where the catalog comes from: a git repository as it is, or snapshots of a plain folder in a private one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from pao_local.errors import CatalogError
from pao_local.git import GitError, git
from pao_local.snapshots import BRANCH, Snapshots

_URL = re.compile(r"^([a-z][a-z0-9+.-]*://|[\w.-]+@[\w.-]+:)", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class CatalogSource:
    """A repository and the branch of it that is served."""

    url: str
    branch: str
    watched: Path | None = None
    """The plain folder of which snapshots are taken, if it is one."""


def resolve(catalog: str, private_repository: Path) -> CatalogSource:
    """Find out what `CATALOG` names; of a plain folder, take the first snapshot.

    Raises `CatalogError` with a sentence where it can't be served.
    """
    address, ref = _split(catalog)
    if ref:
        return _at(address, ref)
    if _URL.match(catalog):
        return CatalogSource(url=catalog, branch=_default_branch(catalog))
    folder = Path(catalog).expanduser().resolve()
    if not folder.is_dir():
        raise CatalogError(f"CATALOG names {folder}, which is not a folder; give a folder or a git URL")
    if _is_repository(folder):
        return CatalogSource(url=str(folder), branch=_current_branch(folder))
    snapshots = Snapshots(folder=folder, repository=private_repository)
    if not any(snapshots.files()):
        raise CatalogError(
            f"CATALOG names {folder}, which holds no .yaml file; "
            "give the folder that holds catalog/<category>/<name>.yaml, or that catalog folder itself"
        )
    try:
        snapshots.take()
    except GitError as error:
        raise CatalogError(f"no snapshot of {folder} could be taken: {error}") from error
    return CatalogSource(url=str(private_repository), branch=BRANCH, watched=folder)


def resolve_further(name: str, catalog: str) -> CatalogSource:
    """Find out what an entry of `CATALOGS` names; raises `CatalogError` where that is no git repository."""
    address, ref = _split(catalog)
    folder = Path(address).expanduser().resolve()
    if not _URL.match(address) and not (folder.is_dir() and _is_repository(folder)):
        raise CatalogError(f"CATALOGS names {address} as '{name}', which is no git repository; give a git URL")
    if ref:
        return _at(address, ref)
    return (
        CatalogSource(url=address, branch=_default_branch(address))
        if _URL.match(address)
        else CatalogSource(url=str(folder), branch=_current_branch(folder))
    )


def _split(catalog: str) -> tuple[str, str]:
    """What is before and after `#`; a folder may have one in its name."""
    address, found, ref = catalog.rpartition("#")
    return (address, ref) if found and not Path(catalog).expanduser().exists() else (catalog, "")


def _at(address: str, ref: str) -> CatalogSource:
    """A repository at that ref, which may not be there yet: it is followed from when it is."""
    if _URL.match(address):
        return CatalogSource(url=address, branch=ref)
    folder = Path(address).expanduser().resolve()
    if not (folder.is_dir() and _is_repository(folder)):
        raise CatalogError(f"CATALOG names {folder} at '{ref}', which is no git repository; leave '#{ref}' out")
    return CatalogSource(url=str(folder), branch=ref)


def _default_branch(url: str) -> str:
    try:
        answer = git("ls-remote", "--symref", url, "HEAD")
    except GitError as error:
        raise CatalogError(
            f"CATALOG names {url}, which git can't read: {error}; check the URL and your access"
        ) from error
    found = re.match(r"ref: refs/heads/(\S+)\tHEAD", answer)
    if not found:
        raise CatalogError(f"CATALOG names {url}, which has no default branch; push a first commit to it")
    return found[1]


def _is_repository(folder: Path) -> bool:
    if (folder / ".git").exists():
        return True
    return (folder / "HEAD").is_file() and (folder / "objects").is_dir() and (folder / "refs").is_dir()


def _current_branch(folder: Path) -> str:
    try:
        branch = git("-C", folder, "symbolic-ref", "--short", "HEAD")
    except GitError as error:
        if "not a symbolic ref" not in str(error):
            raise CatalogError(f"CATALOG names {folder}, which git can't read: {error}") from error
        raise CatalogError(
            f"CATALOG names {folder}, where no branch is checked out; check out the one to serve: git switch <branch>"
        ) from error
    try:
        git("-C", folder, "rev-parse", "--verify", "--quiet", f"refs/heads/{branch}")
    except GitError as error:
        raise CatalogError(
            f"CATALOG names {folder}, whose branch {branch} has no commit yet; make a first one"
        ) from error
    return branch
