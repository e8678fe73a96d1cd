"""What a command says and asks: text for people, or JSON for programs; progress and errors on standard error."""

from __future__ import annotations

import getpass
import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any, Literal, TextIO

from pydantic import BaseModel
from rich.console import Console
from rich.table import Table
from rich.text import Text

Form = Literal["text", "json"]


class Terminal:
    """A command's way to its user."""

    def __init__(self, form: Form = "text", *, out: TextIO | None = None, err: TextIO | None = None) -> None:
        self.form = form
        self._out, self._err = out or sys.stdout, err or sys.stderr
        self.screen = Console(file=self._out, highlight=False, markup=False, emoji=False)
        """For what was asked for."""
        self.progress = Console(file=self._err, highlight=False, markup=False, emoji=False)
        """For what happens meanwhile."""

    @property
    def can_ask(self) -> bool:
        """Whether a person is there to answer."""
        return self.form == "text" and sys.stdin.isatty() and self._err.isatty()

    def say(self, text: str, style: str = "") -> None:
        """Print a line for people."""
        self.screen.print(Text(plain(text), style=style), soft_wrap=True)

    def note(self, text: str, style: str = "") -> None:
        """Print a line on standard error."""
        self.progress.print(Text(plain(text), style=style), soft_wrap=True)

    def show_json(self, value: object) -> None:
        """Print one JSON document."""
        print(json.dumps(_jsonable(value), indent=2, ensure_ascii=False), file=self._out)

    def show_json_line(self, value: object) -> None:
        """Print one line of JSON, at once."""
        print(json.dumps(_jsonable(value), ensure_ascii=False), file=self._out, flush=True)

    def show_table(self, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Print rows below their columns' names; off a terminal nothing is cut."""
        if self.screen.is_terminal:
            self.screen.print(table_of(columns, rows))
            return
        lines = [tuple(columns), *(tuple(plain(cell).replace("\n", " ") for cell in row) for row in rows)]
        widths = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
        for line in lines:
            padded = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
            print("  ".join(padded).rstrip(), file=self._out)

    def fail(self, command: str, text: str) -> None:
        """Print what is wrong."""
        self.progress.print(Text(f"pao {command}: {plain(text)}", style="red"), soft_wrap=True)

    def ask(self, question: str) -> str:
        """Ask for a line; on standard error, so that standard output holds the answer alone."""
        self.progress.print(Text(f"{plain(question)}: "), end="")
        return input()

    def ask_secret(self, question: str) -> str:
        """Ask for what nobody shall see."""
        return getpass.getpass(f"{plain(question)}: ", stream=self._err)


def table_of(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    """A table without lines."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for position, column in enumerate(columns):
        table.add_column(column, overflow="fold", no_wrap=position == 0)
    for row in rows:
        table.add_row(*(Text(plain(cell), style=style_of(cell)) for cell in row))
    return table


def plain(text: str) -> str:
    """A text that moves no cursor and rings no bell, whoever wrote it: control characters are shown, not obeyed."""
    return "".join(
        char if char in "\n\t" or (char.isprintable() or char == "\u00a0") else f"\\x{ord(char):02x}" for char in text
    )


_STYLES = {
    "completed": "green",
    "available": "green",
    "failed": "red",
    "rollback_failed": "red",
    "outcome_unknown": "red",
    "rolled_back": "yellow",
    "rolling_back": "yellow",
    "cancelled": "yellow",
    "cancelling": "yellow",
    "retrying": "yellow",
    "outdated": "yellow",
    "running": "cyan",
    "waiting": "cyan",
    "in_progress": "cyan",
    "pending": "dim",
    "skipped": "dim",
}


def style_of(word: str) -> str:
    """The colour of a status; none of any other word."""
    return _STYLES.get(word, "")


def _jsonable(value: object) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, (list, tuple)):
        return [_jsonable(each) for each in value]
    if isinstance(value, dict):
        return {key: _jsonable(each) for key, each in value.items()}
    return value
