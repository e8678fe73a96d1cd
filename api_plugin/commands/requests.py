"""`pao requests`: lists requests, the newest first."""

from __future__ import annotations

import argparse

from api_plugin.client import ApiClient
from api_plugin.commands.connected import add_connection, connected
from api_plugin.commands.exit_statuses import ExitStatus
from api_plugin.commands.request_text import moment
from api_plugin.commands.terminal import Terminal

FILTERS = ("status", "item_id", "user", "owner", "q", "overdue")


class Requests:
    """Lists requests."""

    name = "requests"
    help = "list requests, the newest first"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the arguments."""
        parser.add_argument("--status", metavar="STATUS", help="with this status alone")
        parser.add_argument("--item", dest="item_id", metavar="ITEM", help="of this item alone")
        parser.add_argument("--user", metavar="EMAIL", help="of this requester alone")
        parser.add_argument("--owner", metavar="TEAM", help="of this team's items alone")
        parser.add_argument("-q", "--query", dest="q", metavar="WORDS", help="with these words alone")
        parser.add_argument("--overdue", action="store_const", const="true", help="later than promised alone")
        parser.add_argument("--limit", type=int, default=20, metavar="N", help="how many at most (default: 20)")
        add_connection(parser)

    def run(self, args: argparse.Namespace) -> int:
        """List them."""
        return connected(self.name, args, lambda client, terminal: _list(args, client, terminal))


command = Requests()


def _list(args: argparse.Namespace, client: ApiClient, terminal: Terminal) -> ExitStatus:
    filters = {name: getattr(args, name) for name in FILTERS}
    found = list(client.requests.list(most=max(args.limit, 1), **filters))
    if terminal.form == "json":
        terminal.show_json({"items": found})
    elif found:
        rows = [(str(each.id), each.item_id, each.status, moment(each.created_at), each.user.email) for each in found]
        terminal.show_table(("ID", "ITEM", "STATUS", "ORDERED (UTC)", "FOR"), rows)
    else:
        terminal.note("no request is like that")
    return ExitStatus.DONE
