"""`pao logs ID`: what a request's actions say; with `--follow`, as they say it."""

from __future__ import annotations

import argparse
from dataclasses import fields

from api_plugin.client import ApiClient
from api_plugin.client_requests import LogFilters
from api_plugin.commands.connected import add_connection, add_request, connected
from api_plugin.commands.exit_statuses import ExitStatus
from api_plugin.commands.terminal import Terminal
from api_plugin.request_logs.entry import LEVELS, Entry
from api_plugin.request_logs.text import entry_text

_STYLES = {"warning": "yellow", "error": "red", "debug": "dim"}


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
        parser.add_argument("--level", choices=LEVELS, help="this grave, or graver (default: info)")
        add_connection(parser)

    def run(self, args: argparse.Namespace) -> int:
        """Show it, a line an entry; in JSON, an object a line."""
        return connected(self.name, args, lambda client, terminal: _logs(args, client, terminal))


command = Logs()


def _logs(args: argparse.Namespace, client: ApiClient, terminal: Terminal) -> ExitStatus:
    only: LogFilters = {"action": args.action, "attempt": args.attempt, "level": args.level}
    read = client.requests.follow_logs if args.follow else client.requests.logs
    for entry in read(args.id, **only):
        if terminal.form == "json":
            terminal.show_json_line(entry)
        else:
            told = Entry(**{part.name: getattr(entry, part.name) for part in fields(Entry)})
            terminal.say(entry_text(told).removesuffix("\n"), _STYLES.get(entry.level, ""))
    return ExitStatus.DONE
