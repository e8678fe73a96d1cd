"""The look of everything that the client prints: quiet, aligned, no wider than a page."""

from __future__ import annotations

from rich import box
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

WIDTH = 100
"""Columns of the widest page."""
Page = RenderableType


def make_console() -> Console:
    """A console of a page's width, or of the terminal's where that is smaller."""
    console = Console(highlight=False)
    console.width = min(console.width, WIDTH) if console.is_terminal else WIDTH
    return console


def quiet_table(*columns: str) -> Table:
    """A table with a line below its head and no other; a column whose name starts with `>` is aligned right."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim", border_style="dim")
    for column in columns:
        table.add_column(column.removeprefix(">"), justify="right" if column.startswith(">") else "left")
    return table


def page(table: Table) -> Page:
    """A table in its place on the page."""
    return Padding(table, (0, 0, 0, 1), expand=False)


def heading(text: str) -> Page:
    """Opens a part of the play."""
    return Rule(Text(text, style="bold"), align="left", style="dim")


def shown(value: object) -> str:
    """A JSON value as people write it; empty for null."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(shown, value)) if isinstance(value, list) else str(value)
