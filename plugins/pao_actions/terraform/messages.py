"""What Terraform says while it works, with `-json`: progress for the log, and why it failed."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from catalog_compiler.actions import ActionLog
from pao_actions.exceptions import ActionError, PermanentError, TemporaryError

MOST_LINES = 200
"""Lines of planned changes in a request's log; those after them are counted alone."""

_MOST_ERRORS = 3
_LONGEST_ERROR = 600

_TEMPORARY = re.compile(
    r"connection (refused|reset|timed out)|i/o timeout|tls handshake timeout|no such host|temporary failure in name|"
    r"context deadline exceeded|client\.timeout exceeded|unexpected eof|service unavailable|bad gateway|"
    r"gateway time-?out|too many requests|request limit exceeded|throttling|rate exceeded|status code: (429|5\d\d)|"
    r"saved plan is stale|the database system is (starting up|shutting down)|too many (clients|connections)|"
    r"could not connect to|pg_namespace_nspname_index|pg_class_relname_nsp_index|pg_type_typname_nsp_index",
    re.IGNORECASE,
)
"""What may be over a moment later. Terraform has texts alone to tell it by."""

_LOCK = "Error acquiring the state lock"
_LOCK_FIELD = re.compile(r"^\s*(ID|Who|Created|Operation):\s*(.+?)\s*$", re.MULTILINE)
_PREFACE = "Terraform encountered problems during initialisation"
"""What init says before the errors themselves, as if it were one."""
_PG_LOCK = "Workspace is already locked"
_HTTP_LOCK = re.compile(r"already locked: ID=(\S+)")
_RELEASE = "if its holder is dead, release it with 'terraform force-unlock {}', otherwise wait, or raise 'lock_timeout'"
_ACTIONS = {"create", "update", "delete", "replace", "read", "move", "import", "remove"}


@dataclass(kw_only=True, slots=True)
class Stream:
    """Takes the lines of one command; logs progress, and keeps what matters."""

    log: ActionLog
    summary: Mapping[str, int] = field(default_factory=dict)
    """Counts of resources: `add`, `change`, `remove`."""
    errors: list[str] = field(default_factory=list)
    planned: int = 0
    applying: bool = False
    """Changes are made by now, so that it may have had an effect."""

    def line(self, line: bytes) -> None:
        """Take one line; what is no message of Terraform's is left alone."""
        try:
            message = json.loads(line)
        except ValueError:
            return
        if isinstance(message, dict):
            self._message(message)

    def _message(self, message: dict[str, Any]) -> None:
        match message.get("type"):
            case "planned_change" if not self.applying:
                self._planned(message.get("change") or {})
            case "change_summary":
                self.summary = {name: count for name, count in message["changes"].items() if isinstance(count, int)}
            case "apply_start" | "apply_complete" | "apply_errored" as kind:
                self._applied(kind, message.get("hook") or {})
            case "diagnostic":
                self._diagnostic(message.get("diagnostic") or {})

    def _planned(self, change: dict[str, Any]) -> None:
        action = str(change.get("action"))
        self.planned += 1
        if self.planned <= MOST_LINES and action in _ACTIONS:
            self.log.info("terraform_change", resource=_address(change), change=action)
        elif self.planned == MOST_LINES + 1:
            self.log.info("terraform_more_changes", shown=MOST_LINES)

    def _applied(self, kind: str, hook: dict[str, Any]) -> None:
        state = {"apply_start": "started", "apply_complete": "completed", "apply_errored": "failed"}[kind]
        seconds = hook.get("elapsed_seconds")
        more = {} if seconds is None else {"seconds": seconds}
        tell = self.log.error if state == "failed" else self.log.info
        tell("terraform_resource", resource=_address(hook), change=str(hook.get("action")), state=state, **more)

    def _diagnostic(self, diagnostic: dict[str, Any]) -> None:
        text = _diagnostic_text(diagnostic)
        if diagnostic.get("severity") == "error":
            self.errors.append(text)
        else:
            self.log.warning("terraform_warning", message=text[:_LONGEST_ERROR])


def failure(step: str, errors: list[str], *, effect_possible: bool) -> ActionError:
    """The error of a command that failed with these messages."""
    whole = "\n".join(errors)
    if _LOCK in whole:
        return TemporaryError(_lock_text(whole), arrived=effect_possible)
    shown = [text if len(text) <= _LONGEST_ERROR else f"{text[: _LONGEST_ERROR - 1]}…" for text in errors]
    more = f"; and {len(shown) - _MOST_ERRORS} more, see the log" if len(shown) > _MOST_ERRORS else ""
    message = f"terraform {step} failed: {'; '.join(shown[:_MOST_ERRORS]) or 'it said nothing'}{more}"
    if _TEMPORARY.search(whole):
        return TemporaryError(message, arrived=effect_possible)
    return PermanentError(message, effect_possible=effect_possible)


def plain_errors(text: str) -> list[str]:
    """The error messages of a command without `-json`, one text each."""
    lines = [re.sub(r"^[│╷╵]\s?", "", line).strip() for line in text.splitlines()]
    found: list[list[str]] = []
    for line in lines:
        if line.startswith("Error: "):
            found.append([line.removeprefix("Error: ")])
        elif line.startswith("Warning: "):
            found.append([])
        elif line and found and found[-1]:
            found[-1].append(line)
    # The lock's fields are read from lines.
    errors = [
        "\n".join(part) if part[0] == _LOCK else " ".join(part)
        for part in found
        if part and not part[0].startswith(_PREFACE)
    ]
    return errors or [" ".join(line for line in lines if line)[-_LONGEST_ERROR:]]


def _lock_text(text: str) -> str:
    if _PG_LOCK in text:
        return (
            "the state is locked by another session of its database; that lock ends with its process, so wait, or "
            "raise 'lock_timeout'"
        )
    # The lock's info in the message of this backend is that of who asked for it.
    if http := _HTTP_LOCK.search(text):
        return f"the state is locked, by the lock {http[1]}; {_RELEASE.format(http[1])}"
    lock = dict(_LOCK_FIELD.findall(text))
    if "ID" not in lock:
        return f"the state's lock could not be taken: {' '.join(text.split())[:_LONGEST_ERROR]}"
    holder = f"{lock.get('Who', 'someone')} since {lock.get('Created', 'some time')}"
    return f"the state is locked by {holder}; {_RELEASE.format(lock['ID'])}"


def _diagnostic_text(diagnostic: dict[str, Any]) -> str:
    summary, detail = str(diagnostic.get("summary") or ""), str(diagnostic.get("detail") or "")
    if summary == _LOCK:
        return f"{summary}\n{detail}"
    text = ": ".join(" ".join(part.split()) for part in (summary, detail) if part.strip())
    place = diagnostic.get("range") or {}
    start = place.get("start") or {}
    where = f"{place['filename']} line {start.get('line')}" if place.get("filename") else diagnostic.get("address")
    return f"{text} ({where})" if where else text


def _address(change: dict[str, Any]) -> str:
    resource = change.get("resource")
    return str(resource.get("addr")) if isinstance(resource, dict) else ""
