"""What a plan tells of the configuration itself: which variables it takes, and which outputs it calls sensitive."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pao_actions.exceptions import PermanentError
from pao_actions.terraform.config import TerraformConfig


@dataclass(frozen=True, kw_only=True, slots=True)
class Configuration:
    """The root's own, or that of the module which a generated root calls."""

    variables: frozenset[str]
    sensitive: Mapping[str, bool]
    """Output name to whether it is declared as sensitive."""

    @classmethod
    def of(cls, plan: Mapping[str, Any], call: str | None) -> Configuration:
        """Read it from `terraform show -json` of a plan; `call` is the name of the module's call."""
        module = plan.get("configuration", {}).get("root_module", {})
        if call is not None:
            module = module.get("module_calls", {}).get(call, {}).get("module", {})
        outputs = module.get("outputs", {})
        return cls(
            variables=frozenset(module.get("variables", {})),
            sensitive={name: bool(output.get("sensitive")) for name, output in outputs.items()},
        )

    def require_variables(self, config: TerraformConfig) -> None:
        """Raise PermanentError for one that is not declared: Terraform would only warn, and ignore it."""
        for name in sorted(set(config.variables) - self.variables):
            near = difflib.get_close_matches(name, self.variables, n=1)
            there = f"did you mean '{near[0]}'?" if near else f"there are {', '.join(sorted(self.variables)) or 'none'}"
            raise PermanentError(f"'{config.path}' declares no variable '{name}'; {there}")
