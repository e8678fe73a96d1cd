"""The state of an action that runs on a worker.

Airflow clears the XComs of a task when a worker starts it, so the state that a worker's death must not cost is in
Airflow's store for the states of tasks. It is in XCom as well, where the API and the action's undo look for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Protocol

from pydantic import JsonValue

from catalog_compiler.run_format import STATE_KEY
from pao_airflow.memory import TaskPlace, XComMemory


class TaskStore(Protocol):
    """Airflow's store for the states of tasks, as `context["task_state_store"]` gives it."""

    def get(self, key: str) -> Any:
        """The value, or None."""
        ...

    def set(self, key: str, value: Any) -> None:
        """Store it."""


class WorkerMemory:
    """The `StateStore` of one action in the tries that make up one try of a person."""

    def __init__(self, place: TaskPlace, action: str, *, store: TaskStore) -> None:
        """Keep it in `store`, which outlives the worker."""
        self._place = place
        self._store = store
        self._key = f"{STATE_KEY}/{action}"
        self._shown = XComMemory(place, action)

    async def load(self) -> dict[str, JsonValue]:
        """What was saved last since a person started the task; empty where nothing was."""
        await self._shown.load()
        kept = await asyncio.to_thread(self._store.get, self._key)
        if not kept or kept["first_try"] != self._place.first_try:
            return {}
        state: dict[str, JsonValue] = kept["state"]
        await self._shown.save(state)
        return state

    async def save(self, state: Mapping[str, JsonValue]) -> None:
        """Store the state before going on."""
        kept = {"first_try": self._place.first_try, "state": dict(state)}
        await asyncio.to_thread(self._store.set, self._key, kept)
        await self._shown.save(state)
