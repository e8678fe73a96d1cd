"""Hands Terraform Cloud what an item names: a repository at one commit, with the root that the local runner runs.

It needs git and a folder where the action is hosted; both are gone from there before the run begins.
"""

from __future__ import annotations

import asyncio
import io
import tarfile
from pathlib import Path

from catalog_compiler.actions import ActionContext
from pao_actions.exceptions import PermanentError, TemporaryError
from pao_actions.terraform.checkout import check_out
from pao_actions.terraform.cloud_api import CloudApi
from pao_actions.terraform.config import TerraformConfig
from pao_actions.terraform.folders import SharedFolder, run_folder
from pao_actions.terraform.git_access import git_access
from pao_actions.terraform.root import make_root
from pao_actions.terraform.workspace import Workspace

PAUSE = 1.0
"""Seconds between two looks at a configuration that is being unpacked."""
PATIENCE = 300.0
"""Seconds that Terraform Cloud has to unpack one."""


async def uploaded(api: CloudApi, workspace: Workspace, config: TerraformConfig, context: ActionContext) -> str | None:
    """The configuration that a run needs: the item's, uploaded; None for the workspace's own.

    Raises:
        PermanentError: if there is none, or the workspace can't take the item's.
        TemporaryError: if Terraform Cloud does not get ready with it.
    """
    if config.repository is None:
        if not workspace.configured:
            raise PermanentError(
                f"the workspace '{workspace.name}' has no configuration; name a 'repository', or connect the workspace "
                "with one in Terraform Cloud"
            )
        return None
    _require_fit(workspace, config)
    archive = await _archive(workspace, config, context)
    plan_only = config.action == "plan"
    number, place = await api.create_configuration(workspace.id, speculative=plan_only)
    await api.upload(place, archive)
    await _unpacked(api, number, context)
    context.log.info("terraform_configuration_uploaded", configuration=number, bytes=len(archive))
    return number


def _require_fit(workspace: Workspace, config: TerraformConfig) -> None:
    if workspace.follows is not None and config.action != "plan":
        raise PermanentError(
            f"the workspace '{workspace.name}' takes its configuration from {workspace.follows}, so none can be "
            "uploaded; leave 'repository' out, or name a workspace without version control"
        )
    if not workspace.runs_in(config.path):
        raise PermanentError(
            f"the workspace '{workspace.name}' runs Terraform in '{workspace.folder}', and 'path' is '{config.path}'; "
            f"set its working directory to '{config.path}' in Terraform Cloud, or change 'path'"
        )


async def _archive(workspace: Workspace, config: TerraformConfig, context: ActionContext) -> bytes:
    shared = SharedFolder.of(context.options.get("folder"))
    async with run_folder(shared, f"{context.request_id}-{context.action}") as folder:
        git = await git_access(config, context, folder.path)
        await check_out(config, context, shared, folder, git)
        make_root(config, folder.repository, workspace.version)
        return await asyncio.to_thread(packed, folder.repository)


def packed(folder: Path) -> bytes:
    """A folder as a compressed archive.

    Raises:
        PermanentError: if it holds a link that leads out of it, which Terraform Cloud would refuse.
    """
    top = folder.resolve()
    for entry in folder.rglob("*"):
        if entry.is_symlink() and not entry.resolve().is_relative_to(top):
            raise PermanentError(
                f"the repository's link '{entry.relative_to(folder)}' leads out of it, which Terraform Cloud does not "
                "take; remove it"
            )
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        archive.add(folder, arcname=".", filter=_nobodys)
    return content.getvalue()


def _nobodys(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    return entry


async def _unpacked(api: CloudApi, number: str, context: ActionContext) -> None:
    until = context.clock.now().timestamp() + PATIENCE
    while True:
        attributes = await api.configuration(number)
        status = attributes.get("status")
        if status == "uploaded":
            return
        if status == "errored":
            raise PermanentError(
                f"Terraform Cloud can't use what was uploaded: {attributes.get('error-message') or 'it says no more'}"
            )
        if context.clock.now().timestamp() > until:
            raise TemporaryError(
                f"Terraform Cloud has not unpacked what was uploaded within {PATIENCE:g} s", arrived=False
            )
        await context.clock.sleep(PAUSE)
