"""The commands that do something with a request and can follow what comes of it: rollback, cancel, escalate."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from api_plugin.client import ApiClient
from api_plugin.commands.connected import add_connection, add_request, connected
from api_plugin.commands.exit_statuses import ExitStatus
from api_plugin.commands.request_text import show_request
from api_plugin.commands.terminal import Terminal
from api_plugin.commands.watch_display import follow
from api_plugin.datamodels.requests import RequestAnswer

Change = Callable[[ApiClient, argparse.Namespace], RequestAnswer]


class Changing:
    """One of them. `wanted` are the ends that count as success."""

    def __init__(self, name: str, help_text: str, change: Change, wanted: frozenset[str]) -> None:
        self.name = name
        self.help = help_text
        self._change = change
        self._wanted = wanted

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the arguments."""
        add_request(parser)
        parser.add_argument("--watch", action="store_true", help="follow it to its end")
        add_connection(parser)

    def run(self, args: argparse.Namespace) -> int:
        """Do it."""
        return connected(self.name, args, lambda client, terminal: self._work(args, client, terminal))

    def _work(self, args: argparse.Namespace, client: ApiClient, terminal: Terminal) -> ExitStatus:
        request = self._change(client, args)
        if args.watch:
            return follow(client, terminal, request, wanted=self._wanted)
        show_request(terminal, request)
        return ExitStatus.DONE


class Cancel(Changing):
    """Cancelling, which may leave what was done."""

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the arguments."""
        parser.add_argument(
            "--rollback",
            action=argparse.BooleanOptionalAction,
            help="undo what was done, or leave it (default: undone, unless the item says 'on_failure: hold')",
        )
        super().configure(parser)


rollback = Changing(
    "rollback",
    "undo what a request did",
    lambda client, args: client.requests.rollback(args.id),
    frozenset({"rolled_back"}),
)
escalate = Changing(
    "escalate",
    "hand a failed request to the item's manual fulfillment",
    lambda client, args: client.requests.escalate(args.id),
    frozenset({"completed"}),
)
cancel = Cancel(
    "cancel",
    "stop a request, and undo what it did",
    lambda client, args: client.requests.cancel(args.id, rollback=args.rollback),
    frozenset({"cancelled", "rolled_back"}),
)
