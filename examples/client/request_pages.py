"""How a request looks on a terminal while it runs, and after."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Group
from rich.padding import Padding
from rich.text import Text

from examples.client.following import Following
from examples.client.tables import Page, page, quiet_table, shown

_LOOKS = {
    "pending": ("·", "dim"),
    "queued": ("·", "dim"),
    "running": ("●", "cyan"),
    "in_progress": ("●", "cyan"),
    "waiting": ("●", "cyan"),
    "retrying": ("●", "yellow"),
    "completed": ("✓", "green"),
    "skipped": ("·", "dim"),
    "rolling_back": ("↶", "yellow"),
    "rolled_back": ("↶", "yellow"),
    "failed": ("✗", "red"),
    "rollback_failed": ("✗", "red"),
    "outcome_unknown": ("✗", "red"),
}


def values_page(fields: Mapping[str, Any]) -> Page:
    """The values of a request as they were accepted: defaults filled in, secrets masked."""
    table = quiet_table("Field", "Value")
    for name, value in fields.items():
        table.add_row(name, Text(shown(value)))
    return page(table)


def progress_page(following: Following, descriptions: Mapping[str, str | None], now: dt.datetime) -> Page:
    """A request's actions with their states; below, its own status and what it waits for outside."""
    table = quiet_table("", "Action", "What it does", "Status", ">Seconds")
    for action in following.actions:
        table.add_row(
            sign(action["status"]),
            action["name"],
            Text(descriptions.get(action["name"]) or action["type"]),
            status_words(action["status"]),
            Text(_seconds(action, now), style="dim"),
        )
    own = Text.assemble("Request ", status_words(following.status))
    waits = [
        Text(f"{action['name']} waits for {action['url']}", overflow="fold")
        for action in following.actions
        if action["status"] == "waiting" and action.get("url")
    ]
    return Group(page(table), *(Padding(line, (0, 2, 0, 2)) for line in (own, *waits)))


def outputs_page(outputs: Mapping[str, Mapping[str, Any]]) -> Page:
    """What the actions gave."""
    table = quiet_table("Action", "Output", "Value")
    for action, values in outputs.items():
        for number, (name, value) in enumerate(values.items()):
            table.add_row("" if number else action, Text(name), Text(shown(value), style="bold"))
    return page(table)


def undone_page(names: Iterable[str], descriptions: Mapping[str, str | None]) -> Page:
    """What was undone, in that order."""
    table = quiet_table("", "Action", "What it does")
    for name in names:
        table.add_row(sign("rolled_back"), name, Text(descriptions.get(name) or ""))
    return page(table)


def change_line(seconds: float, name: str, status: str) -> Text:
    """One change as a line, for output that is no terminal."""
    return Text.assemble(f"  {seconds:6.1f} s  ", sign(status), f" {name:14} ", status_words(status))


def sign(status: str) -> Text:
    """One character for a status."""
    character, style = _LOOKS.get(status, ("?", ""))
    return Text(character, style=style)


def status_words(status: str) -> Text:
    """A status as words."""
    return Text(status.replace("_", " "), style=_LOOKS.get(status, ("", ""))[1])


def _seconds(action: Mapping[str, Any], now: dt.datetime) -> str:
    if not action["started_at"] or action["status"] == "skipped":
        return ""
    started = dt.datetime.fromisoformat(action["started_at"])
    ended = dt.datetime.fromisoformat(action["ended_at"]) if action["ended_at"] else now
    return f"{max((ended - started).total_seconds(), 0):.2f}"
