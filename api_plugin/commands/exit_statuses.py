"""The exit statuses of the commands that talk to the API; documented in docs/command-line.md."""

from __future__ import annotations

from enum import IntEnum


class ExitStatus(IntEnum):
    """How a command ended."""

    DONE = 0
    """Done; with `--watch`, the request came to the end that was wanted."""
    NOT_COMPLETED = 1
    """The request that was watched came to another end: it failed, or was undone or cancelled."""
    WRONG_USAGE = 2
    """The command line, or a file that it names, is wrong; nothing was sent."""
    REFUSED = 3
    """The API refused: wrong values, no such item or request, no permission, or not in this state."""
    NOT_SIGNED_IN = 4
    """Nobody is signed in, or the sign-in has expired."""
    AWAY = 5
    """The API could not be reached, or failed."""
    INTERRUPTED = 130
    """Ctrl-C. What was ordered goes on."""
