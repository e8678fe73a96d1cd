"""Runs Terraform in Terraform Cloud or Enterprise: starts a run of a workspace, applies its plan, reads the outputs."""

from __future__ import annotations

from pydantic import JsonValue

from catalog_compiler.actions import ActionContext, ActionResult
from pao_actions.exceptions import PermanentError, TemporaryError
from pao_actions.terraform.cloud_api import CloudApi, Resource
from pao_actions.terraform.config import TerraformConfig
from pao_actions.terraform.messages import Stream, failure, plain_errors
from pao_actions.terraform.outputs import action_result, module_values
from pao_actions.terraform.workspace import Workspace

SHORTEST_PAUSE = 2.0
LONGEST_PAUSE = 15.0
"""Seconds between two looks at a run: from the first, growing to the second."""
PAUSES_WHILE_AWAY = (5.0, 15.0, 60.0, 120.0, 300.0)
"""Seconds before each further look at a run that could not be looked at."""

_DONE = frozenset({"applied", "planned_and_finished"})
_STOPPED = {
    "discarded": "was discarded",
    "canceled": "was cancelled",
    "force_canceled": "was cancelled by force",
    "policy_soft_failed": "was stopped by a policy",
}


async def run_cloud(config: TerraformConfig, context: ActionContext) -> ActionResult:
    """Start the run, or find it again after a crash, and follow it to its end."""
    api = await CloudApi.of(config, context)
    name = _name(config)
    workspace = await api.workspace(name)
    run = await _begun(api, workspace, config, context)
    url = api.page(name, str(run["id"]))
    await context.progress.waiting(url=url)
    try:
        plan = await _followed(api, run, config, context)
    except PermanentError as error:
        error.result = ActionResult(outputs={"run_url": url}, url=url)
        raise
    values = await api.outputs(workspace.id) if config.action == "apply" else {}
    if config.repository is not None and config.module is not None:
        values = module_values({name: value for name, (value, _) in values.items()}, {})
    listed = config.sensitive_outputs if config.action == "apply" else ()
    return action_result(values, plan, listed, context, url=url)


async def cancel_cloud(config: TerraformConfig, context: ActionContext) -> None:
    """Stop the run: cancel it while it works, discard it while its plan waits."""
    run_id = (await context.state.load()).get("run_id")
    api = await CloudApi.of(config, context)
    if not isinstance(run_id, str):
        # It may have been stopped before it knew of the run, which would wait to be confirmed for ever.
        workspace = await api.workspace(_name(config))
        run = await api.find_run(workspace.id, _message(config, context))
        if run is None:
            return
        run_id = str(run["id"])
    actions = (await api.run(run_id))["attributes"].get("actions") or {}
    for action, possible in (("cancel", "is-cancelable"), ("discard", "is-discardable")):
        if actions.get(possible) and await api.act(run_id, action):
            context.log.info("terraform_run_stopped", run=run_id, by=action)
            return


def _name(config: TerraformConfig) -> str:
    return (config.workspace or "").rpartition("/")[2]


def _message(config: TerraformConfig, context: ActionContext) -> str:
    """By it a run is found again whose creation was answered to nobody; a person's retry has another key."""
    return f"PAO request {context.request_id}, {config.action} of {context.action} ({context.idempotency_key})"


async def _begun(api: CloudApi, workspace: Workspace, config: TerraformConfig, context: ActionContext) -> Resource:
    known = (await context.state.load()).get("run_id")
    if isinstance(known, str):
        return await api.run(known)
    message = _message(config, context)
    run = await api.find_run(workspace.id, message)
    if run is None:
        # Not at import: it needs a Unix system, as the local runner does.
        from pao_actions.terraform.upload import uploaded

        configuration = await uploaded(api, workspace, config, context)
        run = await api.create_run(workspace.id, message, config, configuration)
    stored = await context.state.load()
    await context.state.save({**stored, "run_id": str(run["id"]), "workspace": workspace.id})
    context.log.info("terraform_run_started", run=str(run["id"]), workspace=config.workspace or "")
    return run


async def _followed(
    api: CloudApi, run: Resource, config: TerraformConfig, context: ActionContext
) -> dict[str, JsonValue]:
    """Wait for the run's end, and apply its plan on the way; gives the plan's counts."""
    run_id, told, pause = str(run["id"]), None, SHORTEST_PAUSE
    while True:
        attributes = run["attributes"]
        status = str(attributes["status"])
        if status != told:
            context.log.info("terraform_run", run=run_id, status=status)
            told, pause = status, SHORTEST_PAUSE
        if status in _DONE:
            return await _counts(api, run)
        if status == "errored":
            raise await _failure(api, run)
        if status in _STOPPED:
            raise PermanentError(
                f"the run {run_id} {_STOPPED[status]} in Terraform Cloud", effect_possible=await _applied(api, run)
            )
        confirmable = bool((attributes.get("actions") or {}).get("is-confirmable"))
        if not (confirmable and config.action != "plan" and await api.act(run_id, "apply")):
            await context.clock.sleep(pause)
            pause = min(pause * 1.5, LONGEST_PAUSE)
        run = await _look(api, run_id, context)


async def _look(api: CloudApi, run_id: str, context: ActionContext) -> Resource:
    """The run as it is now; an API that is away for a while costs no attempt of the action."""
    for pause in PAUSES_WHILE_AWAY:
        try:
            return await api.run(run_id)
        except TemporaryError as error:
            context.log.warning("terraform_cloud_away", error=str(error))
            await context.clock.sleep(max(pause, error.retry_after or 0.0))
    return await api.run(run_id)


async def _counts(api: CloudApi, run: Resource) -> dict[str, JsonValue]:
    plan = await api.part(run, "plan")
    attributes = plan["attributes"] if plan else {}
    names = {"added": "resource-additions", "changed": "resource-changes", "destroyed": "resource-destructions"}
    return {name: int(attributes.get(key) or 0) for name, key in names.items()}


async def _applied(api: CloudApi, run: Resource) -> bool:
    """Whether the run began to apply."""
    part = await api.part(run, "apply")
    return part is not None and part["attributes"].get("status") not in {None, "pending", "unreachable"}


async def _failure(api: CloudApi, run: Resource) -> Exception:
    """What the log of the failed part says."""
    applied = await _applied(api, run)
    step = "apply" if applied else "plan"
    part = await api.part(run, step)
    url = part["attributes"].get("log-read-url") if part else None
    text = await api.log(str(url)) if url else ""
    stream = Stream(log=api.context.log, applying=True)
    for line in text.splitlines():
        stream.line(line.encode())
    error = failure(step, stream.errors or plain_errors(text), effect_possible=applied)
    # The run has ended: another attempt would find the same one.
    return PermanentError(str(error), effect_possible=applied)
