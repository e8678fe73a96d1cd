"""Shows a request while it runs: a table that changes in its place on a terminal, else a line for each change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from api_plugin.client import ApiClient
from api_plugin.clock import utc_now
from api_plugin.commands.exit_statuses import ExitStatus
from api_plugin.commands.following import Followed
from api_plugin.commands.request_text import show_request, took
from api_plugin.commands.terminal import Terminal, plain, style_of
from api_plugin.datamodels.requests import RequestAnswer

_OVER = {"completed", "skipped", "failed", "cancelled", "outcome_unknown", "rolled_back", "rollback_failed"}
_AT_WORK = {"running", "waiting", "retrying"}


def follow(
    client: ApiClient, terminal: Terminal, request: RequestAnswer, *, wanted: frozenset[str] = frozenset({"completed"})
) -> ExitStatus:
    """Show the request until its end, then all of it; the exit status says whether it is an end that was wanted."""
    if terminal.progress.is_terminal and terminal.form == "text":
        _follow_live(client, terminal, request)
    else:
        _follow_lines(client, terminal, request)
    ended = client.requests.get(request.id)
    show_request(terminal, ended)
    return ExitStatus.DONE if ended.status in wanted else ExitStatus.NOT_COMPLETED


def _follow_live(client: ApiClient, terminal: Terminal, request: RequestAnswer) -> None:
    known = Followed.of(request)
    with Live(console=terminal.progress, refresh_per_second=8, transient=True, get_renderable=lambda: _picture(known)):
        for message in client.requests.watch(request.id):
            known = known.after(message)


def _follow_lines(client: ApiClient, terminal: Terminal, request: RequestAnswer) -> None:
    known = Followed.of(request)
    for message in client.requests.watch(request.id):
        before, known = known, known.after(message)
        at = str(message.get("at") or utc_now().isoformat())[11:19]
        for action in known.changes(before):
            terminal.note(f"{at} {action['name']} {_words(action)}")
        if known.queue and known.queue != before.queue:
            terminal.note(f"{at} {request.id} is {known.queue}")
        if known.status != before.status:
            terminal.note(f"{at} {request.id} is {known.status}{f': {known.error}' if known.error else ''}")


def _words(action: Mapping[str, Any]) -> str:
    attempt = f" (attempt {action['attempt']} of {action['max_attempts']})" if action["attempt"] > 1 else ""
    why = f": {action['error']}" if action["error"] else f": {action['url']}" if action["url"] else ""
    return f"is {action['status']}{attempt}{why}"


def _picture(known: Followed) -> Group:
    over = sum(action["status"] in _OVER for action in known.actions)
    head = Table.grid(padding=(0, 1))
    head.add_row(
        Text(known.status, style=f"bold {style_of(known.status)}"),
        ProgressBar(total=max(len(known.actions), 1), completed=over, width=24),
        f"{over} of {len(known.actions)}",
    )
    table = Table.grid(padding=(0, 1))
    for action in known.actions:
        status = str(action["status"])
        mark = _SPINNER if status in _AT_WORK else Text("·" if status == "pending" else "■", style=style_of(status))
        table.add_row(
            mark, Text(plain(action["name"])), Text(status, style=style_of(status)), took(action), Text(_more(action))
        )
    return Group(head, Text(plain(known.queue)), table) if known.queue else Group(head, table)


def _more(action: Mapping[str, Any]) -> str:
    attempt = f"attempt {action['attempt']} of {action['max_attempts']}  " if action["attempt"] > 1 else ""
    return plain(attempt + str(action["error"] or action["url"] or ""))


_SPINNER = Spinner("dots", style="cyan")
