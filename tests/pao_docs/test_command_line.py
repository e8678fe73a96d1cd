"""The page of commands: what is in `docs/` is what the commands say."""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path

from pao_docs.command_line import AUTHORS, OPERATORS, USERS, command_page

FILE = Path(__file__).parents[2] / "docs" / "command-line.md"


def test_the_page_is_up_to_date():
    """After a change of a command: make docs."""
    assert command_page() == FILE.read_text(encoding="utf-8"), "docs/command-line.md is stale; run 'make docs'"


def test_every_command_is_on_it():
    """Whoever it is for."""
    assert {entry.name for entry in entry_points(group="pao.commands")} == {*AUTHORS, *USERS, *OPERATORS}
