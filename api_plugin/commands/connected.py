"""What every command that talks to the API does alike: its arguments, signing in, and telling what went wrong."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable

from api_plugin.client import ApiClient, ApiError, Patience
from api_plugin.commands.credentials import Credential, CredentialFileError, NotSignedInError, find_credential
from api_plugin.commands.exit_statuses import ExitStatus
from api_plugin.commands.terminal import Terminal

PATIENCE = Patience(attempts=5)
"""For calls that can be made again."""
_UNAUTHORIZED, _SERVER_ERROR = 401, 500


class UsageError(Exception):
    """The command line is wrong in a way that only shows while it is carried out; the message says what to do."""


def add_connection(parser: argparse.ArgumentParser) -> None:
    """Add what every command takes."""
    parser.add_argument(
        "--url", metavar="URL", help="the deployment, where several are signed in at (default: PAO_URL, or the last)"
    )
    add_format(parser)


def add_format(parser: argparse.ArgumentParser) -> None:
    """Add how answers are shown."""
    parser.add_argument("--format", choices=("text", "json"), default="text", help="how to show it (default: text)")


def add_request(parser: argparse.ArgumentParser) -> None:
    """Add the request that the command is about."""
    parser.add_argument("id", metavar="ID", help="the request's id")


def connected(name: str, args: argparse.Namespace, work: Callable[[ApiClient, Terminal], ExitStatus]) -> int:
    """Do the work with a client that is signed in; whatever goes wrong becomes words and an exit status."""

    def signed_in(terminal: Terminal) -> ExitStatus:
        credential = find_credential(args.url, os.environ)
        with ApiClient(base_url=credential.url, token=credential.token, patience=PATIENCE) as client:
            try:
                return work(client, terminal)
            except ApiError as error:
                raise _expired(credential, error) from error

    return guarded(name, args, signed_in)


def guarded(name: str, args: argparse.Namespace, work: Callable[[Terminal], ExitStatus]) -> int:
    """Do the work; whatever goes wrong becomes words and an exit status."""
    terminal = Terminal(args.format)
    try:
        return work(terminal)
    except (NotSignedInError, CredentialFileError) as error:
        terminal.fail(name, str(error))
        return ExitStatus.NOT_SIGNED_IN
    except (UsageError, ValueError) as error:
        terminal.fail(name, str(error))
        return ExitStatus.WRONG_USAGE
    except ApiError as error:
        return _tell(name, terminal, error)
    except BrokenPipeError:
        # Whoever reads has read enough, as `head` does; nothing more can be said to them.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return ExitStatus.DONE
    except (KeyboardInterrupt, EOFError):
        terminal.note("interrupted")
        return ExitStatus.INTERRUPTED


def _tell(name: str, terminal: Terminal, error: ApiError) -> ExitStatus:
    """Say what the API said, each value by its place."""
    if terminal.form == "json" and error.problem:
        terminal.show_json(error.problem)
    terminal.fail(name, error.detail)
    for each in error.errors:
        terminal.note(f"  {field_of(each.pointer)}: {each.message}")
    if error.status == _UNAUTHORIZED:
        return ExitStatus.NOT_SIGNED_IN
    if error.status is None or error.status >= _SERVER_ERROR:
        if correlation := error.problem.get("correlation_id"):
            terminal.note(f"  an operator finds it in the log under {correlation}")
        return ExitStatus.AWAY
    return ExitStatus.REFUSED


def field_of(pointer: str) -> str:
    """A field as people name it: its id, with what is inside of it as a path."""
    path = pointer.removeprefix("/fields/").removeprefix("/")
    return path.replace("~1", "/").replace("~0", "~") or "the body"


def _expired(credential: Credential, error: ApiError) -> ApiError:
    if error.status != _UNAUTHORIZED:
        return error
    told = f"the sign-in at {credential.url} is not valid, or has expired; run 'pao login {credential.url}' again"
    return ApiError(told, status=_UNAUTHORIZED, problem={**error.problem, "detail": told})
