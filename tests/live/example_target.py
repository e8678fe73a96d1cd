"""The example target in tests: what it did, and its bad days."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx


@dataclass(frozen=True, kw_only=True)
class ExampleTarget:
    """Shared by all tests: each looks at its own names."""

    http: httpx.Client

    @classmethod
    @contextmanager
    def at(cls, url: str, token: str) -> Iterator[ExampleTarget]:
        """The service at a URL."""
        headers = {"Authorization": f"Bearer {token}"}
        with httpx.Client(base_url=url, headers=headers, timeout=10, trust_env=False) as http:
            yield cls(http=http)

    def effects(self, *belonging_to: str) -> list[tuple[str, str]]:
        """(effect, kind) of what happened to resources of these ids, or whose body mentions one, oldest first."""
        return [
            (effect["effect"], effect["kind"])
            for effect in self._effects()
            if any(word == effect["id"] or word in str(effect["body"]) for word in belonging_to)
        ]

    def standing(self, *belonging_to: str) -> list[str]:
        """The kinds of what was made, and not deleted since, whose body mentions one of these words."""
        made: dict[tuple[str, str], bool] = {}
        for effect in self._effects():
            place = (effect["kind"], effect["id"])
            if effect["effect"] == "created":
                made[place] = any(word in str(effect["body"]) for word in belonging_to)
            elif effect["effect"] == "deleted":
                made.pop(place, None)
        return [kind for (kind, _), ours in made.items() if ours]

    def _effects(self) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = self.http.get("/effects").raise_for_status().json()["effects"]
        return listed

    def fault(self, **fault: Any) -> None:
        """Ask for a bad moment: see `examples.target.faults.Fault`."""
        self.http.post("/faults", json=fault).raise_for_status()
