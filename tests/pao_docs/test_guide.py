"""The guide to the catalog: its files are valid, its commands run, and they print what it says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

GUIDE = Path(__file__).parents[2] / "docs" / "catalog.md"
BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ELSEWHERE = ("pip install", "make ")
"""Commands that other tests run: the light install and the local start."""


class Block(NamedTuple):
    """A block of code: its language, the file that it is, and its text."""

    language: str
    file: str | None
    text: str


def blocks() -> Iterator[Block]:
    """The blocks of the guide, in its order."""
    for match in BLOCK.finditer(GUIDE.read_text(encoding="utf-8")):
        yield Block(match[1], match[2], match[3])


def run(script: str, folder: Path) -> str:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-e", "-c", script],
        cwd=folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert 0 == done.returncode, done.stderr or done.stdout
    return done.stdout


def test_following_the_guide_works(tmp_path):
    """From an empty folder to the end, in its order; a revision is shown as dots."""
    printed, compared = "", 0
    for block in blocks():
        if block.file is not None:
            file = tmp_path / block.file
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.text)
        elif block.language == "sh" and not block.text.startswith(ELSEWHERE):
            printed = run(block.text, tmp_path)
        elif block.language == "text":
            compared += 1
            assert block.text == re.sub(r"revision \w{12}", f"revision {'.' * 12}", printed)

    assert 3 == compared
    assert printed.startswith("catalog/messaging/message-queue.yaml")


def test_links_lead_somewhere():
    """To files that are there."""
    for link in re.findall(r"\]\(([^)#]+)", GUIDE.read_text(encoding="utf-8")):
        assert (GUIDE.parent / link).exists(), link
