"""The gate of hosts that have nothing to protect."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class OpenPassage:
    """One call."""

    def ill(self) -> None:
        """Nobody wants to know."""


class OpenGate:
    """Lets every call pass."""

    @asynccontextmanager
    async def call(self, target: str) -> AsyncIterator[OpenPassage]:  # noqa: ARG002 - a `Gate`
        """Pass."""
        yield OpenPassage()
