"""Sends one notification by an action type, in an API server: what the entry point group `pao.messenger` names.

The same types that items use, so that each channel has their care: encoding, address rules, one attempt too many never.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from airflow.models.connection import Connection as AirflowConnection
from airflow.sdk.exceptions import AirflowNotFoundException
from pao_actions.attempts import perform
from pao_actions.clock import SYSTEM_CLOCK
from pao_actions.http_client import close_clients
from pao_actions.outcome import Outcome
from pydantic import JsonValue

from catalog_compiler.actions import ActionContext, Connection, action_type
from catalog_compiler.sealing import Sealer
from catalog_compiler.settings import PaoSettings
from catalog_compiler.templates import Scope, TemplateError, render_config
from pao_airflow.action_log import MaskedLog, Masker
from pao_airflow.configuration import pao_settings
from pao_airflow.gate import gates
from pao_airflow.lookups import as_connection


class Message(Protocol):
    """What is to be sent, as `api_plugin.notifications.message` has it."""

    id: str
    type: str
    connection: str
    config: dict[str, Any]
    values: dict[str, JsonValue]
    request_id: str
    request_url: str
    correlation_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Sent:
    """How it ended. `again` surely did not arrive; `unknown` may have."""

    outcome: Literal["sent", "failed", "again", "unknown"]
    error: str | None = None


class ServerConnections:
    """The `Connections` of actions, in a process that has Airflow's database."""

    async def get(self, connection_id: str) -> Connection:
        """The connection of that id; raises LookupError."""
        try:
            found = await asyncio.to_thread(AirflowConnection.get_connection_from_secrets, connection_id)
        except AirflowNotFoundException as error:
            raise LookupError(f"connection '{connection_id}' does not exist; create it in Airflow") from error
        return as_connection(connection_id, found)


class _Memory:
    """Of one attempt: what was sent in part is known to nobody after it."""

    def __init__(self) -> None:
        self._state: dict[str, JsonValue] = {}

    async def load(self) -> dict[str, JsonValue]:
        return dict(self._state)

    async def save(self, state: Mapping[str, JsonValue]) -> None:
        self._state = dict(state)


class _Nobody:
    """Stands for what a message has no use for: watchers, signals, teams."""

    async def waiting(self, *, url: str | None = None) -> None:
        """Nobody watches."""

    async def wait(self, name: str, seconds: float) -> bool:  # noqa: ARG002 - of the protocol
        """Nothing is awaited."""
        await SYSTEM_CLOCK.sleep(seconds)
        return False

    async def account(self, team: str) -> str | None:  # noqa: ARG002 - of the protocol
        """Nobody is asked for."""
        return None


@asynccontextmanager
async def messenger() -> AsyncIterator[Callable[[Message], Awaitable[Sent]]]:
    """What sends messages, many at the same time; its connections are closed once all have ended."""
    try:
        yield send
    finally:
        await close_clients()


async def send(message: Message) -> Sent:
    """Send it once; never raises but for cancellation."""
    settings, connections = pao_settings(), ServerConnections()
    try:
        kind = action_type(message.type)
        raw = message.config | await _address(message, connections)
        config = render_config(kind, raw, Scope(fields=message.values))
        outcome = await perform(
            kind(), config, retry=None, timeout=None, context=_context(message, settings, connections)
        )
    except (LookupError, TemplateError) as error:
        return Sent(outcome="failed", error=str(error))
    return _sent(outcome)


async def _address(message: Message, connections: ServerConnections) -> dict[str, Any]:
    """Where a webhook goes: its connection's host, which is a whole URL, or a host with its schema."""
    if message.type != "webhook":
        return {}
    found = await connections.get(message.connection)
    host = found.host or ""
    port = f":{found.port}" if found.port and "://" not in host else ""
    return {"url": host if "://" in host else f"{found.schema or 'https'}://{host}{port}"}


def _context(message: Message, settings: PaoSettings, connections: ServerConnections) -> ActionContext:
    masker = Masker(())
    log = MaskedLog(masker, request=message.request_id, notification=message.id)
    return ActionContext(
        request_id=message.request_id,
        action=message.id,
        attempt=1,
        undoing=False,
        correlation_id=message.correlation_id,
        idempotency_key=message.id,
        log=log,
        connections=connections,
        state=_Memory(),
        reach=settings.address_rules,
        clock=SYSTEM_CLOCK,
        progress=_Nobody(),
        signals=_Nobody(),
        gate=gates(settings).gate(message.type, log),
        teams=_Nobody(),
        secrets=masker,
        vault=Sealer(settings.fernet_key),
        mode="automatic",
        request_url=message.request_url,
        options=settings.options_of(message.type),
    )


def _sent(outcome: Outcome) -> Sent:
    if outcome.status == "completed":
        return Sent(outcome="sent")
    error = outcome.error
    if error is None:
        return Sent(outcome="unknown")
    if outcome.status == "outcome_unknown" or error.effect_possible:
        return Sent(outcome="unknown", error=error.message)
    return Sent(outcome="again" if error.kind == "temporary" else "failed", error=error.message)
