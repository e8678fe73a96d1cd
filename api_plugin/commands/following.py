"""What a watcher knows of a request: made of the WebSocket's messages, one after another."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from api_plugin.client_watching import WatchMessage
from api_plugin.datamodels.requests import RequestAnswer


@dataclass(frozen=True, kw_only=True, slots=True)
class Followed:
    """A request as far as the messages have told of it."""

    status: str
    actions: tuple[dict[str, Any], ...]
    """In the item's order, each as the API's `actions[]` has it."""
    error: str | None = None
    queue: str | None = None
    """Where it stands while it waits for its turn."""

    @classmethod
    def of(cls, request: RequestAnswer) -> Followed:
        """From a request as REST answers it."""
        return cls._of(request.model_dump(mode="json"))

    def after(self, message: WatchMessage) -> Followed:
        """What is known after one more message; of a type that is not known here, nothing new."""
        match message.get("type"):
            case "snapshot":
                return Followed._of(message["request"])
            case "status":
                error = message.get("error") or self.error
                return replace(self, status=message["status"], error=error, queue=None)
            case "queue":
                return replace(self, queue=_place(message["queue"]))
            case "action":
                return replace(self, actions=_replaced(self.actions, message["action"]))
            case "end":
                return replace(self, status=message["status"])
            case _:
                return self

    def changes(self, before: Followed) -> list[dict[str, Any]]:
        """The actions whose status is new since."""
        known = {action["name"]: (action["status"], action["attempt"]) for action in before.actions}
        return [each for each in self.actions if known.get(each["name"]) != (each["status"], each["attempt"])]

    @classmethod
    def _of(cls, request: dict[str, Any]) -> Followed:
        return cls(
            status=request["status"],
            actions=tuple(request["actions"]),
            error=request["error"],
            queue=_place(request.get("queue")),
        )


def _place(queue: dict[str, Any] | None) -> str | None:
    return queue["message"] if queue else None


def _replaced(actions: tuple[dict[str, Any], ...], action: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    if all(each["name"] != action["name"] for each in actions):
        return (*actions, action)
    return tuple(action if each["name"] == action["name"] else each for each in actions)
