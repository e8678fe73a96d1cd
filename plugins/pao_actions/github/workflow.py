"""The `github-workflow` action: starts a workflow of GitHub Actions and waits for the end of its run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from pydantic import BaseModel, JsonValue

from catalog_compiler.actions import ActionContext, ActionResult, ActionType, ConfigFacts, ConfigProblem
from catalog_compiler.problems import Path
from pao_actions.exceptions import ActionError, OutcomeUnknownError, PermanentError, TemporaryError
from pao_actions.github.api import GitHub
from pao_actions.github.checks import workflow_problems
from pao_actions.github.config import GithubWorkflowConfig
from pao_actions.github.dispatch import Dispatch
from pao_actions.github.failed_jobs import why_failed
from pao_actions.github.memory import Memory, recalled
from pao_actions.github.runs import SUCCESS, result
from pao_actions.github.search import Search
from pao_actions.github.watch import Watch

_LITERAL = frozenset({"connection", "wait", "timeout", "correlation_input"})
_PAUSES = (1.0, 3.0)
"""Seconds before each further try to cancel."""
_UNDONE = ("repository", "ref", "connection")
_STOPPED = frozenset({202, 404, 409})
"""Answers to a cancel that are fine: it is asked to stop, it is gone, it has ended."""


class GithubWorkflow(ActionType[GithubWorkflowConfig]):
    """Starts a workflow."""

    name: ClassVar[str] = "github-workflow"
    summary: ClassVar[str] = "Starts a workflow of GitHub Actions and waits until its run has ended."
    Config: ClassVar[type[BaseModel]] = GithubWorkflowConfig
    example: ClassVar[str] = """\
repository: example/platform-deployments
workflow_id: deploy-application.yml
ref: main
inputs:
  app_name: "{{fields.name}}"
  environment: "{{fields.environment}}"
# This input gets an id that is the action's own. With `run-name: Deploy ${{ inputs.pao_id }}` in the workflow,
# its run is found whatever happens.
correlation_input: pao_id
# Seconds for the run; then it is cancelled.
timeout: 3600
"""
    outputs_help: ClassVar[Mapping[str, str]] = {
        "run_id": "the run's number",
        "url": "a link to the run",
        "status": "`completed`, or `queued` where the action does not wait",
        "conclusion": "how the run ended: `success`, `failure`, `cancelled` ...; null where the action does not wait",
    }
    notes: ClassVar[str] = """\
**The connection** is an Airflow `github` connection. Its password is a token: a fine-grained one with the repository
permission *Actions: read and write*, or a classic one with the scope `repo`. For a GitHub App, which needs the same
permission, its extra has `app_id`, `installation_id` (looked up by the repository where it is missing), and
`private_key`, or `key_path`, a file; the private key may be the password too. Installation tokens are fetched once for
all actions, and renewed before they end. The host is empty for github.com, `https://github.example.com` for an
Enterprise Server, and `https://example.ghe.com` for Enterprise Cloud with data residency. `owner` in the extra, or the
login, is the owner of repositories that are named without one. `verify`, `cert` and `proxies` in the extra are those of
an `http` connection.

**The run** is the one that GitHub names in its answer to the dispatch. Where it names none (Enterprise Server 3.20 and
before), and where the answer is lost, the run is looked for: with `correlation_input` by the id in its name, which
`run-name: Deploy ${{ inputs.pao_id }}` in the workflow shows. Without it, dispatches to one workflow and ref are made
one at a time, and the one new run that this account started then is it; what can't be told apart is `outcome_unknown`.
Where several triggerers start one workflow at the same time, use `correlation_input`.

**Waiting** takes no worker slot. The run is asked for at growing pauses, up to a minute, by conditional requests, which
GitHub does not count while nothing changes. GitHub's rate limits are waited for, together by all who use the
connection. A re-run that a person starts meanwhile is followed. Any conclusion but `success` fails the action, and the
error names the failed jobs and steps. Stopping the action cancels the run.

**Inputs** are no place for secrets: GitHub shows them to whoever may read the repository. Enterprise Server 3.19 and
before take 10 of them.

**A rollback** of this type is a dispatch of its own, of the workflow that undoes the first one's work. Where it says
nothing of `repository`, `ref` or `connection`, they are those of the action that it undoes.
"""

    @classmethod
    def check(cls, config: Mapping[str, Any], facts: ConfigFacts) -> Iterable[ConfigProblem]:
        """Problems beyond the model's."""
        return workflow_problems(config, facts)

    @classmethod
    def literal(cls, path: Path) -> bool:
        """What decides how the call is made."""
        return bool(path) and path[0] in _LITERAL

    @classmethod
    def outputs(cls, config: Mapping[str, Any]) -> frozenset[str]:  # noqa: ARG003 - the same for every config
        """The run's number, link, status and conclusion."""
        return frozenset(cls.outputs_help)

    @classmethod
    def repeatable(cls, config: Mapping[str, Any]) -> bool:  # noqa: ARG003 - the same for every config
        """Always: a further try looks for the run of the one before, and starts none where it can't be sure."""
        return True

    @classmethod
    def undo_config(cls, config: Mapping[str, Any], undone: Mapping[str, Any] | None) -> Mapping[str, Any]:
        """Repository, ref and connection are those of what is undone, where the rollback says nothing of them."""
        return {**{key: undone[key] for key in _UNDONE if key in undone}, **config} if undone else config

    @classmethod
    def made(cls, state: Mapping[str, JsonValue]) -> ActionResult | None:
        """The run, where it is known."""
        memory = recalled(state)
        if memory is None or memory.run_id is None or memory.url is None:
            return None
        return _started(memory.run_id, memory.url)

    async def run(self, config: GithubWorkflowConfig, context: ActionContext) -> ActionResult:
        """Start it, unless an earlier try has, and wait."""
        github = await GitHub.reach(config.connection, config.repository, context)
        memory = await Dispatch(github=github, config=config).run(recalled(await context.state.load()))
        if memory.run_id is None or memory.url is None:
            raise PermanentError("the run that was started has no number", effect_possible=True)
        started = _started(memory.run_id, memory.url)
        if not config.wait:
            return started
        try:
            return await _ended(github, config, memory.run_id, memory.url, memory)
        except TemporaryError as error:
            raise TemporaryError(
                str(error), arrived=True, retry_after=error.retry_after, result=error.result or started
            ) from error
        except PermanentError as error:
            raise PermanentError(str(error), effect_possible=True, result=error.result or started) from error

    async def cancel(self, config: GithubWorkflowConfig, context: ActionContext) -> None:
        """Cancel the run, looked for once where it is not known yet."""
        memory = recalled(await context.state.load())
        if memory is None:
            return
        github = await GitHub.reach(config.connection, config.repository, context)
        run_id = memory.run_id
        if run_id is None:
            found = await Search(github=github, config=config, memory=memory).found(briefly=True)
            run_id = None if found.run is None else found.run.id
        if run_id is None:
            raise OutcomeUnknownError(f"no run of '{config.workflow_id}' that it may have started was found")
        await _cancel(github, run_id)


def _started(run_id: int, url: str) -> ActionResult:
    return result(run_id, url, status="queued", conclusion=None)


async def _ended(github: GitHub, config: GithubWorkflowConfig, run_id: int, url: str, memory: Memory) -> ActionResult:
    watch = Watch(github=github, run_id=run_id, url=url, begun_at=memory.begun_at)
    run = await watch.end(config.timeout)
    if run is None:
        await _cancel_if_possible(github, run_id)
        raise PermanentError(
            f"the run {url} did not end within {config.timeout:g} seconds, and was told to stop; raise 'timeout' if "
            "that is too short"
        )
    github.context.log.info("run_ended", conclusion=run.conclusion, url=run.html_url)
    if run.conclusion != SUCCESS:
        raise PermanentError(await why_failed(github, run), result=run.result())
    return run.result()


async def _cancel(github: GitHub, run_id: int) -> None:
    """Ask GitHub to stop the run, some times where it can't answer: who stops something does not come back to look."""
    for pause in _PAUSES:
        try:
            return await _cancel_once(github, run_id)
        except TemporaryError as error:
            github.context.log.warning("cancel_failed", error=str(error))
            await github.context.clock.sleep(pause)
    return await _cancel_once(github, run_id)


async def _cancel_once(github: GitHub, run_id: int) -> None:
    answer = await github.call("POST", f"/actions/runs/{run_id}/cancel")
    if answer.status not in _STOPPED:
        raise github.refusal(answer, f"the run {run_id} of {github.repository} could not be cancelled")
    github.context.log.info("run_cancelled", run_id=run_id, status=answer.status)


async def _cancel_if_possible(github: GitHub, run_id: int) -> None:
    try:
        await _cancel(github, run_id)
    except ActionError as error:
        github.context.log.warning("cancel_failed", error=str(error))
