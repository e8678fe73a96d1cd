"""Everything that a running action is handed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue

from catalog_compiler.actions.hosting import (
    ActionLog,
    Clock,
    Connections,
    Gate,
    Progress,
    Secrets,
    Signals,
    StateStore,
    Teams,
    Vault,
)
from catalog_compiler.address_rules import AddressRules
from catalog_compiler.plan import Mode


@dataclass(frozen=True, kw_only=True, slots=True)
class ActionContext:
    """What a running action is handed by its host."""

    request_id: str
    action: str
    attempt: int
    """1 for the first try; counted by the attempt loop."""
    undoing: bool
    """True while this runs as a rollback."""
    correlation_id: str
    idempotency_key: str
    """Stable over automatic retries, new for a person's retry."""
    log: ActionLog
    connections: Connections
    state: StateStore
    reach: AddressRules
    """Which addresses outgoing requests may reach."""
    clock: Clock
    progress: Progress
    signals: Signals
    gate: Gate
    teams: Teams
    secrets: Secrets
    vault: Vault
    mode: Mode
    """The way in which the request is fulfilled."""
    request_url: str
    """A link to the request, for people who meet what the action made outside."""
    options: Mapping[str, str] = field(default_factory=dict)
    """The deployment's options for this type, those that are set: `binary` is `[pao] terraform_binary`, say."""
    failure: str | None = None
    """Why the automatic fulfillment failed, where people go on with its request: for them to read, without a secret."""
    undone: Mapping[str, JsonValue] = field(default_factory=dict)
    """While undoing: what the action that is undone stored last as its state, however it ended."""
    overdue: Callable[[], bool] = lambda: False
    """Whether the attempt's time is over, so that what is cancelled now was not stopped by a person."""
