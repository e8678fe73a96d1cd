"""Writes `docs/catalog-reference.md` anew."""

from __future__ import annotations

from pathlib import Path

from pao_docs.reference import reference

FILE = Path(__file__).parents[2] / "docs" / "catalog-reference.md"

if __name__ == "__main__":
    FILE.write_text(reference(), encoding="utf-8")
    print(f"wrote {FILE}")
