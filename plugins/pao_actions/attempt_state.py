"""What the attempt loop keeps over restarts, beside what the action itself keeps, in the action's one state store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydantic import JsonValue, TypeAdapter

from catalog_compiler.actions import StateStore

Part = Literal["attempts", "action"]


@dataclass(frozen=True, kw_only=True, slots=True)
class AttemptRecord:
    """The attempts so far."""

    attempt: int = 0
    """The last attempt that was begun; 0 before the first."""
    sent: bool = False
    """That attempt must not be repeated, and its end was not recorded: it may or may not have had its effect."""
    at_work: bool = False
    """That attempt may be repeated, and its end was not recorded: where it was interrupted, it is begun again."""
    effect_possible: bool = False
    """An attempt that failed may have had an effect."""
    started_at: datetime | None = None
    next_at: datetime | None = None
    """When the next attempt is due."""


_RECORD = TypeAdapter(AttemptRecord)


class StateParts:
    """A state store that the loop and the action share: each has its own part, and neither sees the other's."""

    def __init__(self, store: StateStore, document: Mapping[str, JsonValue]) -> None:
        self._store = store
        self._document = dict(document)

    @classmethod
    async def load(cls, store: StateStore) -> StateParts:
        """Read the store once; everything after that is written through."""
        return cls(store, await store.load())

    def record(self) -> AttemptRecord:
        """The attempts so far."""
        return _RECORD.validate_python(self.read("attempts"))

    async def keep(self, record: AttemptRecord) -> None:
        """Store the attempts so far."""
        await self.write("attempts", _RECORD.dump_python(record, mode="json"))

    def read(self, part: Part) -> dict[str, JsonValue]:
        """One part; empty before it was written."""
        stored = self._document.get(part)
        return dict(stored) if isinstance(stored, dict) else {}

    async def write(self, part: Part, state: Mapping[str, JsonValue]) -> None:
        """Store one part beside the other."""
        self._document[part] = dict(state)
        await self._store.save(self._document)


class ActionState:
    """The state store that an action sees: its own part alone."""

    def __init__(self, parts: StateParts) -> None:
        self._parts = parts

    async def load(self) -> dict[str, JsonValue]:
        """What the action stored."""
        return self._parts.read("action")

    async def save(self, state: Mapping[str, JsonValue]) -> None:
        """Store the action's state in place of what it stored before."""
        await self._parts.write("action", state)
