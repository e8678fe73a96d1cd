"""Runs Terraform on a worker: check out, init, plan, apply exactly that plan, read the outputs."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import dataclass

from catalog_compiler.actions import ActionContext, ActionResult
from pao_actions.exceptions import ActionError
from pao_actions.http_call import find_connection
from pao_actions.terraform.backend import StatePlace, state_place
from pao_actions.terraform.checkout import check_out
from pao_actions.terraform.config import TerraformConfig
from pao_actions.terraform.configuration import Configuration
from pao_actions.terraform.environment import credential_variables, terraform_environment
from pao_actions.terraform.folders import RunFolder, SharedFolder, locked, run_folder
from pao_actions.terraform.git_access import GitAccess, git_access
from pao_actions.terraform.messages import Stream
from pao_actions.terraform.outputs import action_result, plan_counts, read_outputs
from pao_actions.terraform.process import Finished
from pao_actions.terraform.program import Program
from pao_actions.terraform.root import Root, make_root, own_backend, write_backend, write_variables

_HAS_CHANGES = 2
"""The status by which `plan -detailed-exitcode` tells of changes, also of those to outputs alone."""


async def run_local(config: TerraformConfig, context: ActionContext) -> ActionResult:
    """Run Terraform once, from the checkout to the outputs; whatever ends it, its folder is gone and its state kept."""
    shared = SharedFolder.of(context.options.get("folder"))
    name = f"{context.request_id}-{context.action}"
    async with run_folder(shared, name) as folder:
        place = await state_place(config, context, name)
        git = await git_access(config, context, folder.path)
        environment = terraform_environment(os.environ, folder, shared) | await _credentials(config, context)
        program = Program.find(context.options.get("binary"), folder, environment)
        version = await program.version(config.version)
        begun = await check_out(config, context, shared, folder, git)
        root = make_root(config, folder.repository, version)
        folder.note_root(root.path)
        _write_files(config, context, folder, root, place)
        run = _Run(
            config=config,
            context=context,
            folder=folder,
            place=place,
            program=program.at(root.path),
            root=root,
            begun=begun,
        )
        await run.init(shared, git)
        return await run.result()


async def _credentials(config: TerraformConfig, context: ActionContext) -> dict[str, str]:
    if config.credentials is None:
        return {}
    variables = credential_variables(await find_connection(config.credentials, context), os.environ)
    context.secrets.add(*variables.values())
    return variables


def _write_files(
    config: TerraformConfig, context: ActionContext, folder: RunFolder, root: Root, place: StatePlace
) -> None:
    if config.backend is None and (own := own_backend(root)) is not None:
        context.log.warning("terraform_backend_replaced", backend=own, by="the platform's, a state for each request")
    write_backend(root, place.kind, place.arguments)
    write_variables(folder.variables, config.variables)


@dataclass(kw_only=True, slots=True)
class _Run:
    """What follows the checkout."""

    config: TerraformConfig
    context: ActionContext
    folder: RunFolder
    place: StatePlace
    program: Program
    root: Root
    begun: bool
    """This attempt, or one before it, began to apply."""

    async def init(self, shared: SharedFolder, git: GitAccess) -> None:
        """Fetch providers and modules; the backend's schema is made where it is missing."""
        locks = (self.root.path / ".terraform.lock.hcl").exists()
        more = {} if locks else {"TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE": "true"}
        # Git's credentials are for the modules that init fetches, and for no code that runs later. The plugin cache
        # takes one writer at a time, and so does a schema.
        more |= {**git.environment, **self.place.environment}
        async with locked(shared.plugins.with_name("plugins.lock")):
            await self.program.call("init", "-input=false", "-no-color", self._lock_timeout, more=more)

    async def result(self) -> ActionResult:
        """Plan, and apply that plan."""
        await self._push_kept()
        stream, has_changes = await self._plan()
        configuration = await self._configuration()
        configuration.require_variables(self.config)
        plan = plan_counts(stream.summary)
        self.context.log.info("terraform_planned", **plan)
        if self.config.action == "plan":
            return action_result({}, plan, (), self.context)
        if has_changes:
            await self._apply()
        if self.config.action == "destroy":
            await self._forget_state()
            return action_result({}, plan, (), self.context)
        values = read_outputs((await self._call("output", "-json")).output, self.root.call, configuration.sensitive)
        return action_result(values, plan, self.config.sensitive_outputs, self.context)

    @property
    def _lock_timeout(self) -> str:
        return f"-lock-timeout={self.config.lock_timeout:g}s"

    async def _push_kept(self) -> None:
        """Store the state that an earlier run on this worker could not store."""
        keep = self.folder.keep
        if not keep.exists():
            return
        try:
            await self._call("state", "push", self._lock_timeout, str(keep))
        except ActionError as error:
            error.args = (f"{error}; the state that could not be stored before is kept on this worker in {keep}",)
            raise
        keep.unlink()
        self.context.log.info("terraform_kept_state_stored")

    async def _plan(self) -> tuple[Stream, bool]:
        stream = Stream(log=self.context.log)
        done = await self._call(
            "plan",
            *(("-destroy",) if self.config.action == "destroy" else ()),
            "-input=false",
            "-json",
            "-detailed-exitcode",
            self._lock_timeout,
            f"-var-file={self.folder.variables}",
            f"-out={self.folder.plan}",
            stream=stream,
            accepted=(0, _HAS_CHANGES),
        )
        return stream, done.code == _HAS_CHANGES

    async def _configuration(self) -> Configuration:
        shown = await self._call("show", "-json", str(self.folder.plan))
        return Configuration.of(json.loads(shown.output), self.root.call)

    async def _apply(self) -> None:
        self.begun = True
        await self.context.state.save({**await self.context.state.load(), "begun": True})
        stream = Stream(log=self.context.log, applying=True)
        await self._call("apply", "-input=false", "-json", self._lock_timeout, str(self.folder.plan), stream=stream)
        self.context.log.info("terraform_applied", **plan_counts(stream.summary))

    async def _forget_state(self) -> None:
        """Take a request's own state away, now that nothing is left of what it described."""
        if self.place.of_request and self.place.workspace is not None:
            with suppress(ActionError):
                more = self.place.environment
                await self.program.call("workspace", "delete", "-no-color", self.place.workspace, more=more)

    async def _call(self, *arguments: str, stream: Stream | None = None, accepted: tuple[int, ...] = (0,)) -> Finished:
        """Call Terraform in the state's workspace."""
        more = {**self.place.environment, "TF_WORKSPACE": self.place.workspace or ""}
        return await self.program.call(
            *arguments, stream=stream, accepted=accepted, more=more, effect_possible=self.begun
        )
