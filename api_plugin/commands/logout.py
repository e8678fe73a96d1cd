"""`pao logout`: forgets the sign-in at a deployment."""

from __future__ import annotations

import argparse
import os

from api_plugin.commands.connected import add_format, guarded
from api_plugin.commands.credentials import credential_path, normal_url, read_credentials, write_credentials
from api_plugin.commands.exit_statuses import ExitStatus
from api_plugin.commands.terminal import Terminal


class Logout:
    """Forgets a sign-in."""

    name = "logout"
    help = "forget the sign-in at a deployment"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the arguments."""
        parser.add_argument("url", metavar="URL", nargs="?", help="the deployment (default: the last one)")
        parser.add_argument("--all", action="store_true", help="forget every sign-in")
        add_format(parser)

    def run(self, args: argparse.Namespace) -> int:
        """Forget it; also done where there was none."""
        return guarded(self.name, args, lambda terminal: _logout(args, terminal))


command = Logout()


def _logout(args: argparse.Namespace, terminal: Terminal) -> ExitStatus:
    path = credential_path(os.environ)
    kept = read_credentials(path)
    named = normal_url(args.url) if args.url else kept.current
    gone = [url for url in kept.deployments if args.all or url == named]
    left = kept
    for url in gone:
        left = left.without(url)
    if gone:
        write_credentials(path, left)
    if terminal.form == "json":
        terminal.show_json({"signed_out": gone})
    else:
        terminal.say(f"signed out at {', '.join(gone)}" if gone else "nobody was signed in")
    return ExitStatus.DONE
