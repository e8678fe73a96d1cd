"""A request as people read it on a terminal."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from typing import Any

from api_plugin.clock import utc_now
from api_plugin.commands.terminal import Terminal, style_of
from api_plugin.datamodels.requests import RequestAnswer


def show_request(terminal: Terminal, request: RequestAnswer) -> None:
    """All of it that people want to know; in JSON, all of it."""
    if terminal.form == "json":
        terminal.show_json(request)
        return
    terminal.say(f"{request.item_id} {request.item_version}: {request.status}", f"bold {style_of(request.status)}")
    for name, value in _facts(request):
        terminal.say(f"  {name:<9} {value}")
    if request.actions:
        terminal.say("")
        terminal.show_table(("ACTION", "STATUS", "TOOK", "ATTEMPT", "MORE"), _actions(request))
    outputs = [(f"{action}.{name}", _value(value)) for action, found in request.outputs.items()
               for name, value in found.items()]  # fmt: skip
    if outputs:
        terminal.say("")
        terminal.show_table(("OUTPUT", "VALUE"), outputs)
    for warning in request.warnings:
        terminal.say(f"warning: {warning}", "yellow")
    if request.error:
        terminal.say(f"error: {request.error}", "red")


def took(action: Mapping[str, Any]) -> str:
    """For how long an action ran, or runs."""
    start, end = _time(action["started_at"]), _time(action["ended_at"])
    if start is None:
        return ""
    return duration(((end or utc_now()) - start).total_seconds())


def duration(seconds: float) -> str:
    """Seconds as people say them."""
    whole = max(int(seconds), 0)
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    if hours:
        return f"{hours} h {minutes:02} min"
    return f"{minutes} min {left:02} s" if minutes else f"{max(seconds, 0):.1f} s" if whole < 10 else f"{left} s"  # noqa: PLR2004 - a tenth counts below ten


def moment(at: dt.datetime) -> str:
    """A time as people read it, in UTC."""
    return at.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M:%S")


def _facts(request: RequestAnswer) -> Iterator[tuple[str, str]]:
    yield "id", str(request.id)
    yield "for", f"{request.user.name} <{request.user.email}>"
    if request.timeline:
        yield "ordered", f"{moment(request.timeline[0].at)} UTC"
    if request.queue:
        yield "queue", request.queue.message
    if request.expected_at:
        yield "expected", f"{moment(request.expected_at)} UTC{', which it is later than' if request.overdue else ''}"
    if request.comment:
        yield "comment", request.comment
    if request.parent_id:
        yield "retry of", str(request.parent_id)
    if request.rollback:
        yield "rollback", f"{request.rollback.status}: {', '.join(request.rollback.actions)}"
    yield "airflow", request.airflow_url


def _actions(request: RequestAnswer) -> Iterator[tuple[str, ...]]:
    for action in request.actions:
        attempt = f"{action.attempt} of {action.max_attempts}" if action.attempt else ""
        shown = action.model_dump()
        yield action.name, action.status, took(shown), attempt, action.error or action.url or ""


def _value(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _time(value: dt.datetime | str | None) -> dt.datetime | None:
    return dt.datetime.fromisoformat(value) if isinstance(value, str) else value
