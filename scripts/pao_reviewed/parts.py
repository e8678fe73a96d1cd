"""The list of reviewed parts, `parts.toml`, compared with what is installed.

Whoever comes to rely on another part adds two lines to that file, and has its digest filled in by
`scripts/reviewed accept`:

    ["airflow.models.dagrun:DagRun.schedule_tis"]
    relied_on = "What it does that our code rests on, in a sentence."

The name is where it is defined: the module, a colon, and the class and method, the function or the constant.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from pao_reviewed.source import Source, find_source

LIST = Path(__file__).with_name("parts.toml")


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """A part of Airflow's source that was read."""

    name: str
    relied_on: str
    sha256: str
    """Of its source when it was read; empty for one that is new in the list."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """A part that is not as it was read."""

    part: Part
    source: Source | None
    """As it is now; None where it is gone."""

    def __str__(self) -> str:
        """Where it is, what became of it, and what to look for."""
        if self.source is None:
            head = f"{self.part.name}: is gone"
        else:
            new = "is not reviewed" if not self.part.sha256 else "has changed"
            head = f"{self.source.path}:{self.source.line}: {self.part.name} {new}"
        return f"{head}\n    relied on: {self.part.relied_on}"


def read_parts(path: Path = LIST) -> list[Part]:
    """All of the list."""
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    return [
        Part(name=name, relied_on=table["relied_on"], sha256=table.get("sha256", "")) for name, table in tables.items()
    ]


def differences(parts: Collection[Part]) -> list[Difference]:
    """What is not as it was read."""
    sources = {part.name: find_source(part.name) for part in parts}
    return [
        Difference(part=part, source=source)
        for part in parts
        if (source := sources[part.name]) is None or source.digest != part.sha256
    ]


def accept(found: Collection[Difference], path: Path = LIST) -> None:
    """Write down that these were read as they are now. What is gone stays: it must be taken out by hand."""
    digests = {each.part.name: each.source.digest for each in found if each.source}
    path.write_text("\n".join(_with_digests(path.read_text(encoding="utf-8"), digests)) + "\n", encoding="utf-8")


def _with_digests(text: str, digests: dict[str, str]) -> Iterator[str]:
    """The lines of the list, all as they were but those digests."""
    digest: str | None = None
    for line in text.splitlines():
        if line.startswith('["'):
            digest = digests.get(line.removeprefix('["').removesuffix('"]'))
        elif line.startswith("sha256") and digest:
            continue
        yield line
        if line.startswith("relied_on") and digest:
            yield f'sha256 = "{digest}"'
