"""`pao retry ID`: goes on with a failed request, with other values where some are given."""

from __future__ import annotations

import argparse

from pydantic import JsonValue

from api_plugin.client import ApiClient
from api_plugin.commands.connected import add_connection, add_request, connected
from api_plugin.commands.exit_statuses import ExitStatus
from api_plugin.commands.field_values import FormFields, add_fields, given_fields
from api_plugin.commands.request_text import show_request
from api_plugin.commands.terminal import Terminal
from api_plugin.commands.watch_display import follow


class Retry:
    """Tries a failed request again."""

    name = "retry"
    help = "go on with a failed request; with -f, by a new one with these values changed"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the arguments."""
        add_request(parser)
        add_fields(parser)
        parser.add_argument("--watch", action="store_true", help="follow it to its end; exit status 1 where it fails")
        add_connection(parser)

    def run(self, args: argparse.Namespace) -> int:
        """Try it again."""
        return connected(self.name, args, lambda client, terminal: _retry(args, client, terminal))


command = Retry()


def _retry(args: argparse.Namespace, client: ApiClient, terminal: Terminal) -> ExitStatus:
    request = client.requests.retry(args.id, fields=_changes(args, client, terminal))
    if str(request.id) != args.id:
        terminal.note(f"{request.id} goes on in the place of {args.id}")
    if args.watch:
        return follow(client, terminal, request)
    show_request(terminal, request)
    return ExitStatus.DONE


def _changes(args: argparse.Namespace, client: ApiClient, terminal: Terminal) -> dict[str, JsonValue] | None:
    if not args.field and args.fields is None:
        return None
    before = client.requests.get(args.id)
    form = client.catalog.schema(before.item_id, catalog=before.catalog)
    return given_fields(args, FormFields(form), terminal)
