"""The example target in tests: what it did, and its bad days."""

from __future__ import annotations

import re
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

    def standing(self, word: str) -> list[str]:
        """The kinds of what was made and not deleted since, and whose body mentions a word, or what mentions it."""
        ids, made = set[str](), dict[tuple[str, str], str]()
        for effect in self._effects():
            kind, resource_id, body = effect["kind"], effect["id"], str(effect["body"])
            if effect["effect"] == "created" and (word in body or any(_names(each, body) for each in ids)):
                ids.add(resource_id)
                made[kind, resource_id] = kind
            elif effect["effect"] == "deleted":
                made.pop((kind, resource_id), None)
        return list(made.values())

    def _effects(self) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = self.http.get("/effects").raise_for_status().json()["effects"]
        return listed

    def fault(self, **fault: Any) -> None:
        """Ask for a bad moment: see `examples.target.faults.Fault`."""
        self.http.post("/faults", json=fault).raise_for_status()


def _names(resource_id: str, body: str) -> bool:
    """Whether a body mentions a resource: `T-1` is not in what mentions `T-12`."""
    return re.search(rf"(?<![\w-]){re.escape(resource_id)}(?![\w-])", body) is not None
