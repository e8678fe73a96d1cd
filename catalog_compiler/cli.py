"""The command `pao`: its subcommands are the entry points of the group `pao.commands`, whoever installed them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import EntryPoint, entry_points
from typing import Protocol

COULD_NOT_RUN = 2


class Command(Protocol):
    """What an entry point of `pao.commands` names."""

    name: str
    help: str
    """One sentence for the list of commands."""

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the command's arguments."""

    def run(self, args: argparse.Namespace) -> int:
        """Do it; the answer is the exit status."""


class UnavailableCommandError(Exception):
    """A command cannot be loaded here because a package that it needs is not installed; the message names it."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run `pao` with these arguments (the process's own by default) and return the exit status."""
    arguments = sys.argv[1:] if argv is None else list(argv)
    found = {entry.name: entry for entry in entry_points(group="pao.commands")}
    if arguments and arguments[0] in found:
        return _run(found[arguments[0]], arguments[1:])
    parser = argparse.ArgumentParser(prog="pao", description="The platform automation orchestrator's commands.")
    _list_commands(parser, found)
    parser.parse_args(arguments)
    parser.print_help()
    return COULD_NOT_RUN


def _run(entry: EntryPoint, arguments: Sequence[str]) -> int:
    try:
        command = _load(entry)
    except UnavailableCommandError as error:
        print(f"pao {entry.name}: {error}", file=sys.stderr)  # noqa: T201 - a command speaks to its terminal
        return COULD_NOT_RUN
    parser = argparse.ArgumentParser(prog=f"pao {entry.name}", description=command.help)
    command.configure(parser)
    return command.run(parser.parse_args(arguments))


def _list_commands(parser: argparse.ArgumentParser, found: Mapping[str, EntryPoint]) -> None:
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    for name in sorted(found):
        try:
            help_text = _load(found[name]).help
        except UnavailableCommandError as error:
            help_text = f"(not available: {error})"
        commands.add_parser(name, help=help_text.replace("%", "%%"), add_help=False)


def _load(entry: EntryPoint) -> Command:
    try:
        command: Command = entry.load()
    except ModuleNotFoundError as error:
        missing = (error.name or "a package").partition(".")[0]
        wanted = "Apache Airflow" if missing == "airflow" else f"the package '{missing}'"
        raise UnavailableCommandError(
            f"it needs {wanted}, which is not installed here; install platform-automation-orchestrator[airflow]"
        ) from error
    return command
