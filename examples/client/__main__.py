"""`python -m examples.client`: plays the main job on a running stack, as its developer."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from rich.console import Console
from rich.padding import Padding

from examples.client.exceptions import ClientError
from examples.client.play import play
from examples.client.portal import Portal
from examples.client.tables import heading, make_console, quiet_table


def main() -> int:
    """Play, and end with where to go on; an error is one sentence on stderr and exit status 1."""
    parser = argparse.ArgumentParser(prog="examples.client", description=__doc__)
    parser.add_argument("--credentials", type=Path, default=Path(".pao/credentials.json"), help="how to sign in")
    path: Path = parser.parse_args().credentials
    console = make_console()
    try:
        base_url, user = _credentials(path)
        with Portal.signed_in(base_url, user["username"], user["password"]) as portal:
            play(portal, console)
    except ClientError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    _print_places(console, base_url, path)
    return 0


def _credentials(path: Path) -> tuple[str, dict[str, str]]:
    try:
        content = json.loads(path.read_text())
        return content["base_url"], content["developer"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ClientError(f"{path} can't be read ({error}); start the stack first: make run") from error


def _print_places(console: Console, base_url: str, path: Path) -> None:
    console.print(heading("Go on from here"))
    table = quiet_table("", "")
    table.show_header = False
    table.box = None
    table.add_row("API documentation", f"{base_url}/api/v1/docs")
    table.add_row("Airflow's UI", base_url)
    table.add_row("Credentials", str(path))
    console.print(Padding(table, (1, 2, 0, 2)), soft_wrap=True)


if __name__ == "__main__":
    sys.exit(main())
