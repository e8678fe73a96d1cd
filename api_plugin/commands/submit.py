"""`pao submit ITEM`: orders an item; with `--watch` it follows the request to its end."""

from __future__ import annotations

import argparse
import uuid

from pydantic import JsonValue

from api_plugin.client import ApiClient, ApiError
from api_plugin.commands.connected import add_connection, connected
from api_plugin.commands.exit_statuses import ExitStatus
from api_plugin.commands.field_values import FormFields, add_fields, asked, given_fields, missing
from api_plugin.commands.request_text import show_request
from api_plugin.commands.terminal import Terminal
from api_plugin.commands.watch_display import follow
from api_plugin.datamodels.requests import RequestAnswer


class Submit:
    """Orders an item."""

    name = "submit"
    help = "order an item of the catalog"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the arguments."""
        parser.add_argument("item", metavar="ITEM", help="the item's id, as 'pao catalog' lists it")
        add_fields(parser)
        parser.add_argument("--mode", choices=("automatic", "manual"), help="(default: automatic where there is one)")
        parser.add_argument("--revision", metavar="HASH", help="order only where the item is at this revision")
        parser.add_argument("--catalog", metavar="NAME", help="another catalog than the default one")
        parser.add_argument("--comment", metavar="TEXT", help="why, for whoever reads the request")
        parser.add_argument(
            "--idempotency-key", metavar="KEY", help="make one request however often this command is run with this key"
        )
        parser.add_argument("--watch", action="store_true", help="follow it to its end; exit status 1 where it fails")
        add_connection(parser)

    def run(self, args: argparse.Namespace) -> int:
        """Order it; required values that are missing are asked for, on a terminal."""
        return connected(self.name, args, lambda client, terminal: _submit(args, client, terminal))


command = Submit()


def _submit(args: argparse.Namespace, client: ApiClient, terminal: Terminal) -> ExitStatus:
    fields = FormFields(client.catalog.schema(args.item, catalog=args.catalog))
    request = _order(args, client, terminal, fields, given_fields(args, fields, terminal))
    if args.watch:
        terminal.note(f"{request.id} is {request.status}")
        return follow(client, terminal, request)
    show_request(terminal, request)
    if terminal.form == "text":
        terminal.note(f"follow it with: pao status {request.id} --watch")
    return ExitStatus.DONE


def _order(
    args: argparse.Namespace, client: ApiClient, terminal: Terminal, fields: FormFields, values: dict[str, JsonValue]
) -> RequestAnswer:
    """Order it; what the API finds missing is asked for, until nothing is: a value may bring further fields."""
    while True:
        try:
            return client.requests.submit(
                args.item,
                values,
                mode=args.mode,
                revision=args.revision,
                catalog=args.catalog,
                comment=args.comment,
                key=args.idempotency_key or str(uuid.uuid4()),
            )
        except ApiError as error:
            wanted = missing(error.errors)
            if not wanted or not terminal.can_ask:
                raise
        for name in sorted(wanted, key=fields.ids.index):
            values[name] = asked(fields, name, terminal)
