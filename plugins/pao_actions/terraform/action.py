"""The `terraform` action: provisions what a repository describes, on a worker or in Terraform Cloud."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from pydantic import BaseModel

from catalog_compiler.actions import ActionContext, ActionResult, ActionType, ConfigFacts, ConfigProblem, Host
from catalog_compiler.encoding import Encoding
from catalog_compiler.problems import Path
from pao_actions.terraform.checks import REFS, problems
from pao_actions.terraform.cloud import cancel_cloud, run_cloud
from pao_actions.terraform.config import TerraformConfig
from pao_actions.terraform.help import EXAMPLE, NOTES, OUTPUTS_HELP

_LITERAL = frozenset({"connection", "cloud_connection", "credentials", "runner", "action", "sensitive_outputs"})
_SOURCE = ("repository", "connection", *REFS)


class Terraform(ActionType[TerraformConfig]):
    """Runs Terraform or OpenTofu. Its state makes a repeated run safe: what is there already is left alone."""

    name: ClassVar[str] = "terraform"
    summary: ClassVar[str] = "Runs Terraform or OpenTofu from a git repository, and gives its outputs."
    Config: ClassVar[type[BaseModel]] = TerraformConfig
    host: ClassVar[Host] = "worker"
    example: ClassVar[str] = EXAMPLE
    outputs_help: ClassVar[Mapping[str, str]] = OUTPUTS_HELP
    notes: ClassVar[str] = NOTES

    @classmethod
    def encoding(cls, path: Path, config: Mapping[str, Any]) -> Encoding:  # noqa: ARG003 - the same for every config
        """Variables by value; what names a folder, a module or a state is a path."""
        if path in {("path",), ("module",), ("workspace",)} or path[:2] == ("backend", "config"):
            return Encoding.SEGMENT
        return Encoding.VALUE

    @classmethod
    def check(cls, config: Mapping[str, Any], facts: ConfigFacts) -> Iterable[ConfigProblem]:
        """Problems of repository, module, variables and backend."""
        return problems(config, facts)

    @classmethod
    def literal(cls, path: Path) -> bool:
        """Connections, and what decides how and where it runs."""
        return path[0] in _LITERAL or path == ("backend", "type")

    @classmethod
    def outputs(cls, config: Mapping[str, Any]) -> frozenset[str]:
        """Terraform's own outputs are below `outputs`; a run in Terraform Cloud has a page."""
        more = {"run_url"} if config.get("runner") == "cloud" else set()
        return frozenset({"outputs", "plan", *more})

    @classmethod
    def repeatable(cls, config: Mapping[str, Any]) -> bool:  # noqa: ARG003 - for both runners
        """Terraform's state, or the run's message in Terraform Cloud, tells what was done already."""
        return True

    @classmethod
    def runs_on(cls, config: Mapping[str, Any]) -> Host:
        """Terraform itself needs a process and a disk; a run elsewhere is only waited for."""
        return "triggerer" if config.get("runner") == "cloud" else "worker"

    @classmethod
    def undo_config(cls, config: Mapping[str, Any], undone: Mapping[str, Any] | None) -> Mapping[str, Any]:
        """Destroy what the action applied: with its config, as far as the rollback says nothing else."""
        known, own = dict(undone or {}), dict(config)
        # Another repository or ref takes the place of all that the action says of it.
        replaced = _SOURCE if "repository" in own else REFS if any(key in own for key in REFS) else ()
        merged = {key: value for key, value in known.items() if key not in replaced} | own
        asked = dict(_mapping(own.get("variables")))
        destroys = undone is not None
        if asked.get("action") == "destroy":
            destroys = asked.pop("action") == "destroy"
        if destroys:
            merged["action"] = own.get("action", "destroy")
        variables = {**_mapping(known.get("variables")), **asked}
        return {key: value for key, value in merged.items() if key != "variables"} | (
            {"variables": variables} if variables else {}
        )

    async def run(self, config: TerraformConfig, context: ActionContext) -> ActionResult:
        """Plan, and apply that plan."""
        if config.runner == "cloud":
            return await run_cloud(config, context)
        # Not at import: the local runner needs a Unix system, and validating a catalog does not.
        from pao_actions.terraform.local import run_local

        return await run_local(config, context)

    async def cancel(self, config: TerraformConfig, context: ActionContext) -> None:
        """Stop a run in Terraform Cloud; one on a worker is interrupted where it runs."""
        if config.runner == "cloud":
            await cancel_cloud(config, context)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
