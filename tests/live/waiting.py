"""The one place where live tests wait: look often, give up at a deadline, say what was waited for."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

FoundT = TypeVar("FoundT")

EVERY = 0.1
"""Seconds between two looks."""


LONG = 150.0
"""Seconds after which nothing is to be expected any more, on however slow a machine."""


def wait_for(look: Callable[[], FoundT], what: str, within: float = LONG) -> FoundT:
    """What `look` gives once it gives something; fails the test with the last thing seen after `within` seconds."""
    deadline = time.monotonic() + within
    while not (found := look()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {within:g} s in vain until {what}; last seen: {found!r}")
        time.sleep(EVERY)
    return found
