"""What an action type is, and the registry of those installed.

The compiler knows action types only through the entry point group `pao.actions`: a new type, of ours or of another
package, is one module and one entry. Checks ask a type about its config; the hosts (triggerer, worker) run it.
"""

from catalog_compiler.actions.config_checks import ConfigFacts, ConfigProblem
from catalog_compiler.actions.context import ActionContext
from catalog_compiler.actions.contract import ActionResult, ActionType, OnError
from catalog_compiler.actions.hosting import (
    ActionLog,
    Clock,
    Connection,
    Connections,
    Gate,
    Passage,
    Progress,
    Secrets,
    Signals,
    StateStore,
    Teams,
    Vault,
)
from catalog_compiler.actions.registry import UnknownActionTypeError, action_type, action_types
from catalog_compiler.plan import Host

__all__ = [
    "ActionContext",
    "ActionLog",
    "ActionResult",
    "ActionType",
    "Clock",
    "ConfigFacts",
    "ConfigProblem",
    "Connection",
    "Connections",
    "Gate",
    "Host",
    "OnError",
    "Passage",
    "Progress",
    "Secrets",
    "Signals",
    "StateStore",
    "Teams",
    "UnknownActionTypeError",
    "Vault",
    "action_type",
    "action_types",
]
