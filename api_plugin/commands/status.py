"""`pao status ID`: a request; with `--watch` it follows it to its end."""

from __future__ import annotations

import argparse

from api_plugin.client import ApiClient
from api_plugin.commands.connected import add_connection, add_request, connected
from api_plugin.commands.exit_statuses import ExitStatus
from api_plugin.commands.request_text import show_request
from api_plugin.commands.terminal import Terminal
from api_plugin.commands.watch_display import follow


class Status:
    """Shows a request."""

    name = "status"
    help = "show a request, or follow it to its end"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the arguments."""
        add_request(parser)
        parser.add_argument("--watch", action="store_true", help="follow it to its end; exit status 1 where it fails")
        add_connection(parser)

    def run(self, args: argparse.Namespace) -> int:
        """Show it."""
        return connected(self.name, args, lambda client, terminal: _status(args, client, terminal))


command = Status()


def _status(args: argparse.Namespace, client: ApiClient, terminal: Terminal) -> ExitStatus:
    request = client.requests.get(args.id)
    if args.watch:
        return follow(client, terminal, request)
    show_request(terminal, request)
    return ExitStatus.DONE
