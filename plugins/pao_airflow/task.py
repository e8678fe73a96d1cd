"""A task of a compiled DAG as whoever hosts it sees it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from catalog_compiler.actions import StateStore
from catalog_compiler.settings import PaoSettings
from pao_airflow.last_call import CallsAtWork
from pao_airflow.memory import TaskPlace, XComMemory

Memory = Callable[[TaskPlace, str], StateStore]
"""Where a host keeps the state of an action, by its name, in a task."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HostedTask:
    """One try of a task, with what its host gives it."""

    conf: Mapping[str, Any] | None
    """That of the task's run."""
    place: TaskPlace
    settings: PaoSettings
    memory: Memory = XComMemory
    calls: CallsAtWork = field(default_factory=CallsAtWork)
    """Those that its action has on their way."""
