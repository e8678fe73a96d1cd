"""A line of a task's log, as Airflow writes it, as an entry. Pure.

Lines of the logger `pao.action` were written by actions, for requesters, with secrets masked as they were written. All
others are Airflow's and its libraries': with paths, hosts and tracebacks of the platform, for operators alone.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import JsonValue

from api_plugin.request_logs.entry import Entry, Level

ACTION_LOGGER = "pao.action"
_LEVELS: dict[str, Level] = {
    "debug": "debug",
    "info": "info",
    "warning": "warning",
    "warn": "warning",
    "error": "error",
    "exception": "error",
    "critical": "error",
    "fatal": "error",
}
_ALWAYS_LEFT_OUT = frozenset(
    {"timestamp", "level", "event", "logger", "filename", "lineno", "func_name", "ti_id", "map_index"}
)
_SAID_ELSEWHERE = frozenset({"request_id", "action", "attempt", "correlation_id", "undoing"})
"""Of an action's line: what the entry says itself, or is the same for the whole log."""
_SENTENCES = {
    "action started": "{type} started",
    "action ended": "ended: {outcome}",
    "attempt_started": "attempt {attempt} started",
    "attempt_failed": "attempt {attempt} failed: {error}; the next one follows in {retry_in_seconds} s",
    "action_failed": "failed: {error}",
    "outcome_unknown": "the outcome is not known: {error}",
    "http_call": "{target} answered {status} after {seconds} s",
}
"""What people read of what every action writes; other events are read by their name."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskFacts:
    """Whose line it is."""

    dag_id: str
    run_id: str
    task_id: str
    try_number: int
    action: str | None
    """None where a task has several actions, one after another: its lines say which."""
    undoing: bool


def later(last: dt.datetime | None, entry: Entry | None, task_began: dt.datetime) -> dt.datetime:
    """The time up to which a source was read: it never goes back, though clocks may."""
    known = [at for at in (last, entry.at if entry else None) if at is not None]
    return max(known, default=task_began)


def parse_line(line: bytes, task: TaskFacts, attempt: int, last: dt.datetime) -> tuple[Entry | None, int]:
    """The entry of a line, and the attempt that is at work after it.

    None where the line says nothing. `last` is the time of the line before, which counts where this one has none.
    """
    text = line.decode("utf-8", "replace").rstrip("\r\n")
    if not text.strip():
        return None, attempt
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        return _foreign({"event": text}, task, attempt, last), attempt
    if found.get("logger") != ACTION_LOGGER:
        return _foreign(found, task, attempt, last), attempt
    attempt = _attempt_after(found, attempt)
    return _told_by_action(found, task, attempt, last), attempt


def _attempt_after(found: Mapping[str, Any], attempt: int) -> int:
    if found.get("event") == "action started":
        # The last task of a rollback undoes several actions, one after another.
        return 0
    told = found.get("attempt")
    return told if isinstance(told, int) else attempt


def _told_by_action(found: Mapping[str, Any], task: TaskFacts, attempt: int, last: dt.datetime) -> Entry:
    event = str(found.get("event", ""))
    action = found.get("action")
    return Entry(
        at=_time(found.get("timestamp")) or last,
        level=_LEVELS.get(str(found.get("level", "")).lower(), "info"),
        source="action",
        action=action if isinstance(action, str) else task.action,
        attempt=attempt or None,
        undoing=task.undoing,
        message=_sentence(event, found),
        event=event.replace(" ", "_"),
        data=_data(found, task, _SAID_ELSEWHERE),
    )


def _foreign(found: Mapping[str, Any], task: TaskFacts, attempt: int, last: dt.datetime) -> Entry | None:
    message = str(found.get("event", ""))
    if message.startswith(("::group::", "::endgroup::")) or not message:
        return None
    level = _LEVELS.get(str(found.get("level", "")).lower(), "info")
    return Entry(
        at=_time(found.get("timestamp")) or last,
        # How Airflow runs a task is of interest to whoever looks for a fault in it.
        level="debug" if level == "info" else level,
        source="airflow",
        action=task.action,
        attempt=attempt or None,
        undoing=task.undoing,
        message=message,
        data=_data(found, task, frozenset()),
    )


def _sentence(event: str, found: Mapping[str, Any]) -> str:
    try:
        return _SENTENCES[event].format_map(found)
    except (KeyError, ValueError, IndexError, AttributeError):
        pass
    plain = event.replace("_", " ")
    error = found.get("error")
    return f"{plain}: {error}" if isinstance(error, str) else plain


def _data(found: Mapping[str, Any], task: TaskFacts, left_out: frozenset[str]) -> dict[str, JsonValue]:
    """The fields beside the message. An action may use a name that Airflow uses too, for something of its own."""
    of_task = {"dag_id": task.dag_id, "run_id": task.run_id, "task_id": task.task_id, "try_number": task.try_number}
    return {
        name: value
        for name, value in found.items()
        if name not in _ALWAYS_LEFT_OUT and name not in left_out and of_task.get(name, _NONE) != value
    }


_NONE = object()


def _time(value: object) -> dt.datetime | None:
    try:
        at = dt.datetime.fromisoformat(str(value))
        return at.replace(tzinfo=dt.UTC) if at.tzinfo is None else at.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        return None
