"""What a host hands to an action, in memory: for tests of action types, ours and those of other packages."""

from __future__ import annotations

import asyncio
import base64
import json
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import JsonValue

from catalog_compiler.actions import ActionContext, ActionType, Clock, Connection, StateStore
from catalog_compiler.address_rules import AddressRules
from catalog_compiler.plan import Mode, RetryPlan
from catalog_compiler.sealing import MASK, SEALED
from catalog_compiler.templates import Scope, render_config
from pao_actions.attempts import perform
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


@dataclass
class MemoryProgress:
    """Keeps the link of each wait that was told."""

    waits: list[str | None] = field(default_factory=list)

    async def waiting(self, *, url: str | None = None) -> None:
        """Keep it."""
        self.waits.append(url)


class MemorySignals:
    """Signals by a script: each `wait` takes the next of `arrivals`; where none is left, its time passes.

    `waited` lists the name and seconds of every wait.
    """

    def __init__(self, clock: Clock, *arrivals: bool) -> None:
        self.arrivals = deque(arrivals)
        self.waited: list[tuple[str, float]] = []
        self._clock = clock

    async def wait(self, name: str, seconds: float) -> bool:
        """Whether the script says that it arrives; otherwise after so many seconds of the clock."""
        self.waited.append((name, seconds))
        if self.arrivals and self.arrivals.popleft():
            return True
        await self._clock.sleep(seconds)
        return False


@dataclass
class MemoryGate:
    """Lets every call pass; keeps each target, and whether it was called ill."""

    calls: list[str] = field(default_factory=list)
    found_ill: list[str] = field(default_factory=list)

    @asynccontextmanager
    async def call(self, target: str) -> AsyncIterator[MemoryPassage]:
        """Keep it."""
        self.calls.append(target)
        yield MemoryPassage(target=target, gate=self)


@dataclass(frozen=True, kw_only=True)
class MemoryPassage:
    """One call."""

    target: str
    gate: MemoryGate

    def ill(self) -> None:
        """Keep it."""
        self.gate.found_ill.append(self.target)


class MemoryTeams:
    """The teams' accounts that it was given."""

    def __init__(self, **accounts: str) -> None:
        self._accounts = accounts

    async def account(self, team: str) -> str | None:
        """That of the team."""
        return self._accounts.get(team)


@dataclass
class MemorySecrets:
    """Keeps every text that is to be masked, once."""

    texts: list[str] = field(default_factory=list)

    def add(self, *texts: str) -> None:
        """Keep them."""
        self.texts.extend(text for text in dict.fromkeys(texts) if text not in self.texts)

    def text(self, text: str) -> str:
        """The text with those of five and more characters masked, as hosts do."""
        for secret in sorted(self.texts, key=len, reverse=True):
            text = text.replace(secret, MASK) if len(secret) >= 5 else text  # noqa: PLR2004 - as hosts have it
        return text


class MemoryVault:
    """Seals values so that they can't be read by mistake, and no more."""

    def seal(self, value: JsonValue) -> JsonValue:
        """The value in base64."""
        return {SEALED: base64.b64encode(json.dumps(value).encode()).decode()}

    def open(self, value: JsonValue) -> JsonValue:
        """The value that was sealed."""
        opened: JsonValue = json.loads(base64.b64decode(str(value[SEALED])))  # type: ignore[index, call-overload]
        return opened


def make_context(  # noqa: PLR0913 - what is not given is the usual
    *connections: Connection,
    state: StateStore | None = None,
    log: MemoryLog | None = None,
    undoing: bool = False,
    allow_private_addresses: bool = True,
    mode: Mode = "automatic",
    clock: Clock | None = None,
    **more: Any,
) -> ActionContext:
    """The context of an action `create` in a request; what is not given is empty. `more` replaces any other part."""
    time = clock or FakeClock()
    context = ActionContext(
        request_id="0198c0de-0000-7000-8000-000000000001",
        action="create",
        attempt=1,
        undoing=undoing,
        correlation_id="corr-1",
        idempotency_key="key-1",
        log=log or MemoryLog(),
        connections=MemoryConnections(*connections),
        state=state or MemoryState(),
        reach=AddressRules(allow_private=allow_private_addresses),
        clock=time,
        progress=MemoryProgress(),
        signals=MemorySignals(time),
        gate=MemoryGate(),
        teams=MemoryTeams(),
        secrets=MemorySecrets(),
        vault=MemoryVault(),
        mode=mode,
        request_url="https://pao.example.com/requests/0198c0de-0000-7000-8000-000000000001",
    )
    return replace(context, **more)


def _with_clock(context: ActionContext | None, clock: Clock | None) -> ActionContext:
    """The context that was given, with the clock that was given; signals wait by it as well."""
    if context is None:
        return make_context(clock=clock)
    return context if clock is None else replace(context, clock=clock, signals=MemorySignals(clock))


def run_action(  # noqa: PLR0913 - what is not given is the usual
    action: ActionType[Any],
    config: Mapping[str, Any],
    *,
    scope: Scope | None = None,
    context: ActionContext | None = None,
    retry: RetryPlan | None = None,
    timeout: float | None = None,
    clock: Clock | None = None,
) -> Outcome:
    """Do with a raw config what a host does: fill in its templates, run it through the attempt loop, close up.

    `timeout` is the item's, in seconds for one attempt.
    """

    async def host() -> Outcome:
        try:
            return await perform(
                action,
                render_config(type(action), config, scope or Scope()),
                retry=retry,
                timeout=timeout,
                context=_with_clock(context, clock),
            )
        finally:
            await close_clients()

    return asyncio.run(host())
