"""`pao logs ID`: what a request's actions say; with `--follow`, as they say it."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from typing import Any

from api_plugin.client import ApiClient
from api_plugin.commands.connected import add_connection, add_request, connected
from api_plugin.commands.exit_statuses import ExitStatus
from api_plugin.commands.terminal import Terminal

LEVELS = ("debug", "info", "warning", "error", "critical")
_KNOWN = {"at", "level", "action", "attempt", "message"}
_STYLES = {"warning": "yellow", "error": "red", "critical": "red", "debug": "dim"}


class Logs:
    """Shows a request's log."""

    name = "logs"
    help = "show what a request's actions say, or follow it"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the arguments."""
        add_request(parser)
        parser.add_argument("--follow", action="store_true", help="go on until the request has ended")
        parser.add_argument("--action", metavar="NAME", help="of this action alone")
        parser.add_argument("--attempt", type=int, metavar="N", help="of this attempt alone")
        parser.add_argument("--level", choices=LEVELS, help="from this level on")
        add_connection(parser)

    def run(self, args: argparse.Namespace) -> int:
        """Show it, a line an entry; in JSON, an object a line."""
        return connected(self.name, args, lambda client, terminal: _logs(args, client, terminal))


command = Logs()


def _logs(args: argparse.Namespace, client: ApiClient, terminal: Terminal) -> ExitStatus:
    read = client.requests.follow_logs if args.follow else client.requests.logs
    for entry in read(args.id, action=args.action, attempt=args.attempt, level=args.level):
        if terminal.form == "json":
            terminal.show_json_line(entry)
        else:
            level = str(entry.get("level") or "info").lower()
            terminal.say(_line(entry, level), _STYLES.get(level, ""))
    return ExitStatus.DONE


def _line(entry: Mapping[str, Any], level: str) -> str:
    action = entry.get("action")
    where = f" {action}" + (f"#{entry['attempt']}" if entry.get("attempt") else "") if action else ""
    others = {name: value for name, value in entry.items() if name not in _KNOWN and value is not None}
    more = "".join(f" {name}={_value(value)}" for name, value in others.items())
    return f"{str(entry.get('at') or '')[:19]} {level:<7}{where} {entry.get('message', '')}{more}"


def _value(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
