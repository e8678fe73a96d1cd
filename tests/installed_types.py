"""Action types of a test, installed beside the real ones as another package's would be."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import EntryPoint
from typing import Any

import pytest

from catalog_compiler.actions import ActionType, registry


@contextmanager
def installed(*kinds: type[ActionType[Any]]) -> Iterator[None]:
    """Have these types, classes of a module, known while the block runs."""
    known = registry.entry_points
    more = [EntryPoint(kind.name, f"{kind.__module__}:{kind.__qualname__}", "pao.actions") for kind in kinds]
    registry.action_types.cache_clear()
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(registry, "entry_points", lambda group: [*known(group=group), *more])
            yield
    finally:
        registry.action_types.cache_clear()
