"""Which parts of the stack are installed already, while they are being written."""

from __future__ import annotations

from importlib.util import find_spec


def has(module: str) -> bool:
    """Whether that module is there."""
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False
