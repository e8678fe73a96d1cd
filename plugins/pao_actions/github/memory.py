"""What the action keeps over a crash: how far its dispatch came, and which run is its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic import AwareDatetime, JsonValue, TypeAdapter

Phase = Literal["asked", "taken", "running"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Memory:
    """Stored before a dispatch is sent, when it was taken, and when its run is known."""

    phase: Phase
    """`asked`: it may or may not have been sent; `taken`: GitHub took it; `running`: its run is known."""
    begun_at: AwareDatetime
    """When the dispatch was sent first, by our own clock."""
    since: AwareDatetime
    """From when on its run can have been created, by GitHub's clock where that is known."""
    known: tuple[int, ...] = ()
    """Runs that there were before."""
    run_id: int | None = None
    url: str | None = None

    def stored(self) -> dict[str, JsonValue]:
        """As it is stored."""
        document: dict[str, JsonValue] = _MEMORY.dump_python(self, mode="json")
        return document


_MEMORY = TypeAdapter(Memory)


def recalled(state: Mapping[str, JsonValue]) -> Memory | None:
    """What was stored, or None where no dispatch was begun."""
    return _MEMORY.validate_python(dict(state)) if state else None
