"""What a host hands to an action, in memory: for tests of action types, ours and those of other packages."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import JsonValue

from catalog_compiler.actions import ActionContext, ActionType, Connection, StateStore
from catalog_compiler.plan import RetryPlan
from catalog_compiler.templates import Scope, render_config
from pao_actions.attempts import perform
from pao_actions.clock import Clock
from pao_actions.http_client import close_clients
from pao_actions.outcome import Outcome


class FakeClock:
    """A clock that moves only when someone sleeps; `slept` lists the seconds of each sleep."""

    def __init__(self, *, chance: float = 1.0) -> None:
        self.slept: list[float] = []
        self._now = datetime(2025, 1, 1, tzinfo=UTC)
        self._chance = chance

    def now(self) -> datetime:
        """The present time in UTC."""
        return self._now

    async def sleep(self, seconds: float) -> None:
        """Move on by that much, at once."""
        self.slept.append(seconds)
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        """Let time pass without anyone sleeping."""
        self._now += timedelta(seconds=seconds)

    def random(self) -> float:
        """Always the same number."""
        return self._chance


class MemoryState:
    """A state store; `saves` lists every state that was saved, the last of which is loaded."""

    def __init__(self) -> None:
        self.saves: list[dict[str, JsonValue]] = []

    async def load(self) -> dict[str, JsonValue]:
        """The last saved state."""
        return dict(self.saves[-1]) if self.saves else {}

    async def save(self, state: Mapping[str, JsonValue]) -> None:
        """Keep a state."""
        self.saves.append(dict(state))


class MemoryConnections:
    """The connections that it was given."""

    def __init__(self, *connections: Connection) -> None:
        self._connections = {connection.id: connection for connection in connections}

    async def get(self, connection_id: str) -> Connection:
        """The connection of that id; raises LookupError where there is none."""
        try:
            return self._connections[connection_id]
        except KeyError:
            raise LookupError(f"connection '{connection_id}' does not exist; create it in Airflow") from None


@dataclass
class MemoryLog:
    """Keeps every event with its fields."""

    events: list[tuple[str, dict[str, JsonValue]]] = field(default_factory=list)

    def info(self, event: str, **fields: JsonValue) -> None:
        """Keep an event."""
        self.events.append((event, fields))

    def warning(self, event: str, **fields: JsonValue) -> None:
        """Keep an event."""
        self.events.append((event, fields))

    def error(self, event: str, **fields: JsonValue) -> None:
        """Keep an event."""
        self.events.append((event, fields))


def make_context(
    *connections: Connection,
    state: StateStore | None = None,
    log: MemoryLog | None = None,
    undoing: bool = False,
    allow_private_addresses: bool = True,
) -> ActionContext:
    """The context of an action `create` in a request; what is not given is empty."""
    return ActionContext(
        request_id="0198c0de-0000-7000-8000-000000000001",
        action="create",
        attempt=1,
        undoing=undoing,
        correlation_id="corr-1",
        idempotency_key="key-1",
        log=log or MemoryLog(),
        connections=MemoryConnections(*connections),
        state=state or MemoryState(),
        allow_private_addresses=allow_private_addresses,
    )


def run_action(  # noqa: PLR0913 - what is not given is the usual
    action: ActionType[Any],
    config: Mapping[str, Any],
    *,
    scope: Scope | None = None,
    context: ActionContext | None = None,
    retry: RetryPlan | None = None,
    clock: Clock | None = None,
) -> Outcome:
    """Do with a raw config what a host does: fill in its templates, run it through the attempt loop, close up."""

    async def host() -> Outcome:
        try:
            return await perform(
                action,
                render_config(type(action), config, scope or Scope()),
                retry=retry,
                timeout=None,
                context=context or make_context(),
                clock=clock or FakeClock(),
            )
        finally:
            await close_clients()

    return asyncio.run(host())
