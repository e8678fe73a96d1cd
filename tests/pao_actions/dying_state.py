"""A state store whose host dies while it saves."""

from collections.abc import Mapping

from pao_actions.testing import MemoryState
from pydantic import JsonValue


class DyingState(MemoryState):
    """The host dies at the save of that number (from 1), before or after it is stored."""

    def __init__(self, at: int, *, stored: bool) -> None:
        super().__init__()
        self._at, self._stored, self._count = at, stored, 0

    async def save(self, state: Mapping[str, JsonValue]) -> None:
        """Keep a state, or die."""
        self._count += 1
        if self._count != self._at or self._stored:
            await super().save(state)
        if self._count == self._at:
            raise SystemExit
