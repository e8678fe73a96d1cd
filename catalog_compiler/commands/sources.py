"""The catalog that a command is about: read from a path, compiled, and compared with what it was before."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from catalog_compiler.catalog import CompiledCatalog, compile_catalog
from catalog_compiler.catalog_files import read_catalog, read_part, root_of
from catalog_compiler.commands.namesakes import beside_namesakes
from catalog_compiler.findings import did_you_mean
from catalog_compiler.git_tree import GitError, WorkTree
from catalog_compiler.item import CompiledItem
from catalog_compiler.problems import Problem
from catalog_compiler.since import version_problems

COULD_NOT_RUN = 2
_LAST_COMMIT = "HEAD"


class SourceError(Exception):
    """There is no catalog to work on; the message says why and what to do."""


def add_path(parser: argparse.ArgumentParser, *flags: str) -> None:
    """Add the argument that names the catalog: positional, or under the given flags."""
    kwargs = {} if flags else {"nargs": "?"}
    parser.add_argument(
        *(flags or ("path",)),
        type=Path,
        default=Path(),
        metavar="PATH",
        help="a catalog repository, a folder of items, or one file (default: the current folder)",
        **kwargs,  # type: ignore[arg-type]
    )


def read_catalog_at(path: Path) -> tuple[CompiledCatalog, Mapping[str, bytes]]:
    """The catalog at a path, compiled, and its files; of a part, only what is in it, and whose ids others have too.

    Raises:
        SourceError: if it cannot be read or holds no item.
    """
    try:
        files = read_part(path)
        report = compile_catalog(files.contents.items(), files.links)
        if not report.items and not report.problems:
            raise SourceError(
                f"there is no item in '{path}'; name a catalog repository, or a file that ends with .yaml"
            )
        if root := _root_above(path.resolve()):
            report = beside_namesakes(report, files.contents, read_catalog(root).contents, files.links)
    except OSError as error:
        raise SourceError(f"cannot read '{error.filename or path}': {error.strerror}") from error
    return report, files.contents


def _root_above(target: Path) -> Path | None:
    """The repository that the target is a part of; None where it is whole, or stands in none."""
    root = root_of(target)
    return root if root != target else None


def with_version_problems(
    report: CompiledCatalog, files: Mapping[str, bytes], path: Path, since: str | None
) -> CompiledCatalog:
    """The report with warnings for versions that do not tell of what changed since a ref of git.

    Without a ref that is the last commit, and outside of a git work tree nothing is compared.

    Raises:
        SourceError: if `since` names a ref and git can't compare with it.
    """
    target = path.resolve()
    folder = root_of(target) or (target if target.is_dir() else target.parent)
    tree = WorkTree(folder=folder) if since else WorkTree.around(folder)
    if tree is None:
        return report
    try:
        before = tree.files(tree.branched_off(since or _LAST_COMMIT), files)
    except GitError as error:
        if since is None:
            return report
        raise SourceError(f"cannot compare with '{since}': {error}") from error
    problems = sorted([*report.problems, *version_problems(report, files, before)], key=Problem.sort_key)
    return replace(report, problems=tuple(problems))


def named_item(report: CompiledCatalog, item_id: str) -> CompiledItem:
    """The item of that id; it may be invalid.

    Raises:
        SourceError: if there is none.
    """
    for item in report.items:
        if item.item_id == item_id:
            return item
    known = [item.item_id for item in report.items if item.item_id is not None]
    raise SourceError(f"no item here has the id '{item_id}'; {did_you_mean(item_id, known) or 'there are none'}")


def refuse(command: str, sentence: object) -> int:
    """Say on standard error why a command could not run, and give its exit status."""
    print(f"pao {command}: {sentence}", file=sys.stderr)
    return COULD_NOT_RUN
