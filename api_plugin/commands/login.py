"""`pao login URL`: signs in, and keeps the token in a file that its user alone can read."""

from __future__ import annotations

import argparse
import datetime as dt
import os
import sys
from urllib.parse import urlsplit

import jwt

from api_plugin.client import ApiClient, ApiError
from api_plugin.client_signing_in import sign_in
from api_plugin.commands.connected import UsageError, add_format, guarded
from api_plugin.commands.credentials import (
    LOCAL_START,
    URL_VARIABLE,
    Credential,
    credential_path,
    normal_url,
    read_credentials,
    write_credentials,
)
from api_plugin.commands.exit_statuses import ExitStatus
from api_plugin.commands.terminal import Terminal

_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_UNAUTHORIZED = 401


class Login:
    """Signs in."""

    name = "login"
    help = "sign in at a deployment, by user and password or by an API key"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the arguments."""
        parser.add_argument(
            "url", metavar="URL", nargs="?", help=f"the deployment, such as {LOCAL_START} (default: PAO_URL)"
        )
        parser.add_argument("--username", metavar="NAME", help="who signs in (default: asks)")
        parser.add_argument("--api-key", action="store_true", help="sign in by an API key, which is asked for, or read")
        add_format(parser)

    def run(self, args: argparse.Namespace) -> int:
        """Sign in; a password or key is asked for on a terminal, and else read from standard input."""
        return guarded(self.name, args, lambda terminal: _login(args, terminal))


command = Login()


def _login(args: argparse.Namespace, terminal: Terminal) -> ExitStatus:
    given = args.url or os.environ.get(URL_VARIABLE)
    if not given:
        raise UsageError(f"name the deployment: pao login {LOCAL_START}")
    url = normal_url(given)
    if url.startswith("http://") and urlsplit(url).hostname not in _LOOPBACK:
        terminal.note(f"{url} is not encrypted: whoever is in between can read the password", "yellow")
    credential = _by_key(url, terminal) if args.api_key else _by_password(url, args.username, terminal)
    path = credential_path(os.environ)
    write_credentials(path, read_credentials(path).kept(credential))
    if terminal.form == "json":
        terminal.show_json(credential.model_dump(mode="json", exclude={"token"}) | {"file": str(path)})
    else:
        until = f" until {credential.expires_at:%Y-%m-%d %H:%M} UTC" if credential.expires_at else ""
        terminal.say(f"signed in at {url}{f' as {credential.user}' if credential.user else ''}{until}")
    return ExitStatus.DONE


def _by_password(url: str, username: str | None, terminal: Terminal) -> Credential:
    if username is None and not terminal.can_ask:
        raise UsageError("give --username, and the password on standard input; or set PAO_URL and PAO_TOKEN instead")
    name = username or terminal.ask("User name")
    token = sign_in(url, name, _secret(terminal, f"Password of {name}"))
    return Credential(url=url, token=token, user=name, expires_at=_expiry(token))


def _by_key(url: str, terminal: Terminal) -> Credential:
    key = _secret(terminal, "API key")
    with ApiClient(base_url=url, token=key) as client:
        try:
            client.catalog.first_page()
        except ApiError as error:
            # A key that may not read the catalog is a key all the same.
            if error.status is None or error.status == _UNAUTHORIZED or not error.problem:
                raise
    return Credential(url=url, token=key)


def _secret(terminal: Terminal, question: str) -> str:
    secret = terminal.ask_secret(question) if terminal.can_ask else sys.stdin.readline().rstrip("\r\n")
    if not secret:
        raise UsageError("nothing was given to sign in with; type it, or send it to standard input")
    return secret


def _expiry(token: str) -> dt.datetime | None:
    """When a JWT ends, as it says itself; that it is genuine is for the server to judge."""
    try:
        until = jwt.decode(token, options={"verify_signature": False}).get("exp")
        return dt.datetime.fromtimestamp(until, dt.UTC) if isinstance(until, (int, float)) else None
    except (jwt.InvalidTokenError, ValueError, OverflowError, OSError):
        return None
