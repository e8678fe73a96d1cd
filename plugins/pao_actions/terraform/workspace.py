"""What Terraform Cloud says of a workspace, as far as a run depends on it."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pao_actions.terraform.root import ISSENSITIVE_SINCE
from pao_actions.terraform.versions import Numbers, VersionError, version_numbers

_UNKNOWN: Numbers = (0, 0, 0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Workspace:
    """One workspace."""

    id: str
    name: str
    folder: str
    """Where Terraform runs in the configuration, from its top on; `.` for the top."""
    version: Numbers
    """Terraform's version there, the oldest possible where it is a constraint."""
    follows: str | None
    """The repository that it takes its configurations from."""
    configured: bool
    """Whether it has a configuration that a run may use."""

    @classmethod
    def of(cls, resource: Mapping[str, Any]) -> Workspace:
        """From the API's document."""
        attributes = resource["attributes"]
        current = (resource.get("relationships") or {}).get("current-configuration-version", {})
        source = attributes.get("vcs-repo") or {}
        return cls(
            id=str(resource["id"]),
            name=str(attributes["name"]),
            folder=_folder(attributes.get("working-directory") or "."),
            version=_version(str(attributes.get("terraform-version") or "latest")),
            follows=str(source.get("identifier") or "a repository") if source else None,
            # Where the API does not say, the run's creation tells.
            configured=bool(source) or "data" not in current or current["data"] is not None,
        )

    def runs_in(self, path: str) -> bool:
        """Whether Terraform runs in that folder of a configuration."""
        return _folder(path) == self.folder


def _folder(path: str) -> str:
    return posixpath.normpath(path.strip("/") or ".")


def _version(text: str) -> Numbers:
    if text == "latest":
        return ISSENSITIVE_SINCE
    try:
        return version_numbers(text)
    except VersionError:
        return _UNKNOWN
