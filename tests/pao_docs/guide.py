"""The guide to the catalog as its blocks of code: files, commands, and what the commands print."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
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

    @property
    def for_airflow(self) -> bool:
        """Whether it is Airflow's own commands."""
        return self.language == "sh" and self.text.startswith("airflow ")

    @property
    def for_a_stack(self) -> bool:
        """Whether it calls a stack that runs."""
        return self.language == "sh" and "$BASE" in self.text

    @property
    def offline(self) -> bool:
        """Whether it is commands that need nothing but an author's install."""
        elsewhere = self.for_airflow or self.for_a_stack or self.text.startswith(ELSEWHERE)
        return self.language == "sh" and not elsewhere


def blocks() -> Iterator[Block]:
    """The blocks of the guide, in its order."""
    for match in BLOCK.finditer(GUIDE.read_text(encoding="utf-8")):
        yield Block(match[1], match[2], match[3])


def write(block: Block, folder: Path) -> None:
    """Save a block that is a file."""
    assert block.file is not None
    file = folder / block.file
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(block.text, encoding="utf-8")


def run(script: str, folder: Path, *, seconds: float = 60, environment: Mapping[str, str] | None = None) -> str:
    """What the commands print, run in a folder; all of them must succeed."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", script],
        cwd=folder,
        env={**os.environ, "PATH": path, **(environment or {})},
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    assert 0 == done.returncode, done.stderr or done.stdout
    return done.stdout
