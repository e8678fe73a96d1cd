"""What ends a play early."""

from __future__ import annotations


class ClientError(Exception):
    """The play can't go on; the text is one sentence that says why, and what to look at."""
