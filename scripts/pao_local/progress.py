"""Tells people what a start is doing: a live line on a terminal, plain lines everywhere else."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape


class Progress:
    """Prints each step with the time that it took."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False)

    @contextmanager
    def step(self, doing: str) -> Iterator[None]:
        """Show that `doing` (such as `Starting PostgreSQL`) goes on until the block ends."""
        started = time.monotonic()
        text = escape(doing)
        if self._console.is_terminal:
            with self._console.status(f"{text} ..."):
                yield
        else:
            self._console.print(f"  {text} ...", soft_wrap=True)
            yield
        self._console.print(f"[green]✓[/] {text} [dim]({time.monotonic() - started:.1f} s)[/]", soft_wrap=True)

    def say(self, text: str) -> None:
        """Print a line as it is."""
        self._console.print(escape(text), soft_wrap=True)
