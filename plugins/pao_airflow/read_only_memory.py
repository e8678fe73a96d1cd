"""The state of an action that is over, while what it began outside is stopped."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import JsonValue

from catalog_compiler.actions import StateStore


class ReadOnlyMemory:
    """A `StateStore` that gives what another one holds, and keeps what is saved for itself."""

    def __init__(self, store: StateStore) -> None:
        """Read from that store."""
        self._store = store
        self._saved: dict[str, JsonValue] | None = None

    async def load(self) -> dict[str, JsonValue]:
        """What was saved last."""
        return await self._store.load() if self._saved is None else dict(self._saved)

    async def save(self, state: Mapping[str, JsonValue]) -> None:
        """Keep it, as long as this object lasts."""
        self._saved = dict(state)
