"""Checks out what an item names, the same commit in each attempt and in the undo; for both runners."""

from __future__ import annotations

import os
from collections.abc import Mapping

from pydantic import JsonValue

from catalog_compiler.actions import ActionContext
from pao_actions.terraform.config import TerraformConfig
from pao_actions.terraform.environment import base_environment
from pao_actions.terraform.folders import RunFolder, SharedFolder
from pao_actions.terraform.git_access import GitAccess
from pao_actions.terraform.repository import Ref, Repository


async def check_out(
    config: TerraformConfig, context: ActionContext, shared: SharedFolder, folder: RunFolder, git: GitAccess
) -> bool:
    """Have the files of the commit: an earlier attempt's, or that of what is undone, or the ref's present one.

    Gives whether an earlier attempt began to apply.
    """
    ref = Ref.of(config)
    environment = base_environment(os.environ, folder) | dict(git.environment)
    repository = Repository(access=git, clones=shared.repositories, environment=environment)
    own = await context.state.load()
    known = _same_source(own, git, ref) or _same_source(context.undone, git, ref)
    commit = str(known["commit"]) if "commit" in known else await repository.resolve(ref)
    await repository.check_out(commit, ref, folder.made("repository"), folder.path / "index")
    begun = own.get("begun") is True
    await context.state.save({**own, "repository": git.url, "ref": str(ref), "commit": commit, "begun": begun})
    context.log.info("terraform_checked_out", repository=git.url, commit=commit, ref=str(ref))
    return begun


def _same_source(stored: Mapping[str, JsonValue], git: GitAccess, ref: Ref) -> Mapping[str, JsonValue]:
    return stored if (stored.get("repository"), stored.get("ref")) == (git.url, str(ref)) else {}
