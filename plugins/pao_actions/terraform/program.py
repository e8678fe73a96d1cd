"""Terraform or OpenTofu as a program: which one, its version, and one call of it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from pao_actions.exceptions import PermanentError
from pao_actions.terraform.folders import RunFolder
from pao_actions.terraform.messages import Stream, failure, plain_errors
from pao_actions.terraform.process import Finished, Guard, run_guarded, run_plain
from pao_actions.terraform.versions import Numbers, VersionError, allows, version_numbers

OLDEST = (1, 5, 0)
"""The oldest Terraform that knows every option used here."""

_ONLY_READING = frozenset({"version", "show", "output"})
"""Commands that may be stopped at any time."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Program:
    """Terraform in one run's folder."""

    binary: str
    folder: RunFolder
    environment: Mapping[str, str] = field(repr=False)
    root: Path

    @classmethod
    def find(cls, option: str | None, folder: RunFolder, environment: Mapping[str, str]) -> Program:
        """The program that the deployment names, or else Terraform, or else OpenTofu; raises PermanentError."""
        wanted = [option] if option else ["terraform", "tofu"]
        for name in wanted:
            if found := shutil.which(name, path=environment.get("PATH")):
                return cls(binary=found, folder=folder, environment=environment, root=folder.path)
        raise PermanentError(
            f"this worker has no {' or '.join(wanted)}; put Terraform or OpenTofu into the worker's image, or name "
            "it by [pao] terraform_binary"
        )

    def at(self, root: Path) -> Program:
        """The same, in the folder of the configuration."""
        return replace(self, root=root)

    async def version(self, constraint: str | None) -> Numbers:
        """Its version; raises PermanentError where it is too old, or not what the item asks for."""
        done = await self.call("version", "-json")
        try:
            version = str(json.loads(done.output)["terraform_version"])
            numbers = version_numbers(version)
        except (ValueError, KeyError, TypeError) as error:
            raise PermanentError(f"'{self.binary}' is no Terraform: 'version -json' gives no version") from error
        if numbers < OLDEST:
            raise PermanentError(f"terraform {version} is too old; {'.'.join(map(str, OLDEST))} or newer is needed")
        if constraint is not None and not _allowed(constraint, version):
            raise PermanentError(
                f"this worker has terraform {version}, and 'version' asks for '{constraint}'; change one of them"
            )
        return numbers

    async def call(
        self,
        *arguments: str,
        stream: Stream | None = None,
        accepted: tuple[int, ...] = (0,),
        more: Mapping[str, str] | None = None,
        effect_possible: bool = False,
    ) -> Finished:
        """Run it once; raises the ActionError that its failure means."""
        command = [self.binary, *arguments]
        # An empty variable would still be one.
        environment = {name: value for name, value in {**self.environment, **(more or {})}.items() if value}
        if arguments[0] in _ONLY_READING:
            done = await run_plain(command, cwd=self.root, environment=environment)
        else:
            guard = Guard(folder=self.folder.path, keep=self.folder.keep, lock=self.folder.lock)
            done = await run_guarded(
                command, cwd=self.root, environment=environment, guard=guard, on_line=stream.line if stream else None
            )
        if done.code in accepted:
            return done
        errors = stream.errors if stream else []
        said = done.errors if done.errors.strip() else done.output.decode("utf-8", "replace")
        raise failure(arguments[0], errors or plain_errors(said), effect_possible=effect_possible)


def _allowed(constraint: str, version: str) -> bool:
    try:
        return allows(constraint, version)
    except VersionError as error:
        raise PermanentError(f"'version': {error}") from error
