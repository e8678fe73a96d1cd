"""The broken catalogs under `tests/catalog/invalid`: a file each, or a folder where one file can't show it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from catalog_compiler.catalog import CompiledCatalog, compile_catalog
from catalog_compiler.problems import Problem
from catalog_compiler.since import version_problems

FOLDER = Path(__file__).parents[1] / "catalog" / "invalid"
BARE = (".pao.yaml", b"folder: .")


@dataclass(frozen=True, kw_only=True, slots=True)
class Broken:
    """A catalog that shows a code, what it was `before`, and where its expected report stands, but for the suffix.

    In a folder, `now/` and `before/` hold files, and `generated.json` says what to repeat how often to make one.
    """

    name: str
    report: Path
    files: Mapping[str, bytes]
    before: Mapping[str, bytes]

    @property
    def code(self) -> str:
        """The code that it is there to show: its name as far as to a dot."""
        return self.name.partition(".")[0]

    def compiled(self) -> CompiledCatalog:
        """What became of it, with warnings for its versions."""
        catalog = compile_catalog([BARE, *self.files.items()])
        if not self.before:
            return catalog
        found = version_problems(catalog, self.files, dict([BARE, *self.before.items()]))
        return replace(catalog, problems=tuple(sorted([*catalog.problems, *found], key=Problem.sort_key)))


def broken_catalogs() -> list[Broken]:
    """All of them."""
    files = [
        Broken(name=path.stem, report=path.with_suffix(""), files={path.name: path.read_bytes()}, before={})
        for path in sorted(FOLDER.glob("*.y*ml"))
    ]
    folders = [
        Broken(
            name=path.name,
            report=path / "report",
            files=_files(path / "now") | _generated(path / "generated.json"),
            before=_files(path / "before"),
        )
        for path in sorted(FOLDER.iterdir())
        if path.is_dir()
    ]
    return [*files, *folders]


def _files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.yaml")}


def _generated(path: Path) -> dict[str, bytes]:
    described = json.loads(path.read_text()) if path.exists() else {}
    return {name: (entry["repeat"] * entry["times"]).encode() for name, entry in described.items()}
