"""Lets no attempt begin in a process that is about to end: cut off in its call, nobody would know what it did.

Each attempt asks before it notes that it begins. What does not begin here begins where the action goes on.
"""

from __future__ import annotations

import asyncio


class Attempts:
    """Those of one process."""

    def __init__(self) -> None:
        """They may begin."""
        self._over = False

    def end(self) -> None:
        """Let none begin any more."""
        self._over = True

    async def turn(self) -> None:
        """Return at once where one may begin, and never where none may: its host cancels it."""
        if self._over:
            await asyncio.Event().wait()


attempts = Attempts()
"""Those of this process."""
