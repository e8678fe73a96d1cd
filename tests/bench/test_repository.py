"""The measured catalog is one that the compiler takes."""

from __future__ import annotations

from bench.repository import RECORDED, make_repository
from catalog_compiler.cli import main


def test_every_generated_item_is_valid(tmp_path, capsys):
    """Of five items, of about a hundred lines each; and those that call the recorder."""
    make_repository(tmp_path, 5)

    status = main(["validate", str(tmp_path)])
    files = [path for path in tmp_path.rglob("*.yaml") if not (RECORDED / path.name).exists()]
    lines = [len(path.read_text().splitlines()) for path in files]

    assert 0 == status, capsys.readouterr().out
    assert 5 == len(lines)
    assert all(90 <= count <= 110 for count in lines)
