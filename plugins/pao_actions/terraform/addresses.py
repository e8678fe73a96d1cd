"""Addresses of repositories and modules: what an item may name, and what kind of thing it is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_SCP = re.compile(r"[A-Za-z0-9._-]+@[A-Za-z0-9.-]+:[^\s]+")
_NAME = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_.-]*(/[A-Za-z0-9_.][A-Za-z0-9_.-]*)*")
_SCHEMES = ("https", "http", "ssh", "file")
_REGISTRY = re.compile(r"([A-Za-z0-9.-]+\.[A-Za-z0-9.-]+(:[0-9]+)?/)?[A-Za-z0-9_-]+/[A-Za-z0-9_-]+/[a-z0-9]+")
_SAFE_ADDRESS = re.compile(r"[A-Za-z0-9_.~:/?=&@%+-]+")
_LOCAL = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)?")

ModuleKind = Literal["repository", "registry", "git"]


class ModuleAddressError(ValueError):
    """A module's address that can't be called; the message says what is wrong and what to write."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ModuleAddress:
    """What a generated root calls."""

    kind: ModuleKind
    source: str
    """As in Terraform's `source`; for a module of the repository, its name below `modules/`."""


def is_url(repository: str) -> bool:
    """Whether a repository is an address by itself."""
    return "://" in repository or repository.startswith("/") or _SCP.fullmatch(repository) is not None


def url_problem(repository: str) -> str | None:
    """What is wrong with a repository's address, or None."""
    if "://" in repository:
        return _scheme_problem(repository)
    if is_url(repository) or (_NAME.fullmatch(repository) and ".." not in repository.split("/")):
        return None
    return f"'{repository}' is neither a git URL nor the name of a repository"


def _scheme_problem(url: str) -> str | None:
    scheme = url.partition("://")[0].lower()
    if scheme not in _SCHEMES:
        return f"a repository can't be fetched by '{scheme}'; write one of {', '.join(_SCHEMES)}"
    try:
        parts = urlsplit(url)
    except ValueError:
        return "the repository's URL can't be read"
    if parts.password or (scheme in ("http", "https") and parts.username):
        return "the repository's URL holds a user or a password; put them into an Airflow connection of type git"
    named = (parts.netloc or scheme == "file") and parts.path.strip("/")
    return None if named else "the repository's URL names no repository"


def module_address(module: str) -> ModuleAddress:
    """Tell what a module is; raises ModuleAddressError."""
    if module.startswith("git::"):
        if not _SAFE_ADDRESS.fullmatch(module) or not re.match(r"git::(https|ssh)://[^/@]*(@[^/]+)?/", module):
            raise ModuleAddressError(f"'{module}' is no git address; write 'git::https://host/repository.git//folder'")
        if re.match(r"git::[a-z]+://[^/@]*:[^/@]*@", module):
            raise ModuleAddressError("the module's address holds a password; put it into the git connection")
        return ModuleAddress(kind="git", source=module)
    if _REGISTRY.fullmatch(module):
        return ModuleAddress(kind="registry", source=module)
    if module.startswith((".", "/")):
        name = module.rstrip("/").rpartition("/")[2]
        raise ModuleAddressError(f"'{module}' is a path; write the name of a folder below 'modules/', such as '{name}'")
    if _LOCAL.fullmatch(module) and ".." not in module.split("/"):
        return ModuleAddress(kind="repository", source=module)
    raise ModuleAddressError(
        f"'{module}' is neither a name below 'modules/', nor a registry address such as 'terraform-aws-modules/rds/aws'"
        ", nor a git address such as 'git::https://host/repository.git//folder'"
    )
