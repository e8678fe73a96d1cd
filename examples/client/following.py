"""What a watcher knows of a request: made of the WebSocket's messages, one after another."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Following:
    """A request as far as the messages have told of it."""

    status: str
    actions: tuple[dict[str, Any], ...]
    """In the item's order, each as the API's `actions[]` has it."""
    error: str | None = None

    @classmethod
    def of(cls, request: dict[str, Any]) -> Following:
        """From a request as REST answers it."""
        return cls(status=request["status"], actions=tuple(request["actions"]), error=request["error"])

    def after(self, message: dict[str, Any]) -> Following:
        """What is known after one more message; of a type that is not known here, nothing new."""
        match message["type"]:
            case "snapshot":
                return Following.of(message["request"])
            case "status":
                return replace(self, status=message["status"], error=message.get("error") or self.error)
            case "action":
                return replace(self, actions=tuple(_replaced(self.actions, message["action"])))
            case "end":
                return replace(self, status=message["status"])
            case _:
                return self

    def changes(self, before: Following) -> list[tuple[str, str]]:
        """What is new since, as (action, status); the request itself goes by the name `request`."""
        known = {action["name"]: action["status"] for action in before.actions}
        new = [
            (action["name"], action["status"])
            for action in self.actions
            if known.get(action["name"]) != action["status"]
        ]
        return [*new, ("request", self.status)] if self.status != before.status else new


def _replaced(actions: tuple[dict[str, Any], ...], action: dict[str, Any]) -> list[dict[str, Any]]:
    return [action if each["name"] == action["name"] else each for each in actions]
