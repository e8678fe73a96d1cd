"""Writes `docs/catalog-reference.md`, `docs/actions.md` and `docs/command-line.md` anew."""

from __future__ import annotations

from pathlib import Path

from pao_docs.action_types import action_page
from pao_docs.command_line import command_page
from pao_docs.reference import reference

DOCS = Path(__file__).parents[2] / "docs"
PAGES = {"catalog-reference.md": reference, "actions.md": action_page, "command-line.md": command_page}

if __name__ == "__main__":
    for name, page in PAGES.items():
        (DOCS / name).write_text(page(), encoding="utf-8")
        print(f"wrote {DOCS / name}")
