"""Which of a request's events people are told of. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from api_plugin.notifications.channels import Event


@dataclass(frozen=True, kw_only=True, slots=True)
class Notable:
    """Something to tell."""

    event: Event
    subject: str
    """What it is one of: an equal event of the same subject is told once."""
    detail: Mapping[str, Any]


def notable(kind: str, data: Mapping[str, Any], *, run_try: int) -> Notable | None:
    """What an event is to people; None where it is nothing to tell of. `run_try` counts the tries of the request."""
    if kind == "overdue":
        return Notable(event="overdue", subject="", detail=data)
    if kind == "action":
        return _waiting(data["action"])
    status, error = data.get("status"), data.get("error")
    if status == "completed":
        return Notable(event="completed", subject=str(run_try), detail={"status": status})
    # What a person rolled back though it had completed is no failure: it has no error.
    if status in {"failed", "rollback_failed"} or (status == "rolled_back" and error):
        more = " undo" if status == "rollback_failed" else ""
        return Notable(event="failed", subject=f"{run_try}{more}", detail={"status": status, "error": error})
    return None


def _waiting(action: Mapping[str, Any]) -> Notable | None:
    """An action of the manual fulfillment that waits does so for people: for a ticket."""
    if action["status"] != "waiting" or action.get("mode") != "manual":
        return None
    name, url = action["name"], action.get("url")
    # Each ticket once: where one was declined and another is asked for, people are told of that as well.
    ticket = f" {hashlib.sha256(url.encode()).hexdigest()[:16]}" if url else ""
    return Notable(event="waiting", subject=f"{name}{ticket}", detail={"action": name, "url": url})
