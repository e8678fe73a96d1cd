"""A whole catalog: all files of one commit or folder, compiled together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

from catalog_compiler.catalog_files import SUFFIX, WRONG_SUFFIX, concerns_catalog, in_folder, link_problem, read_catalog
from catalog_compiler.catalog_settings import SETTINGS_FILE, CatalogSettings, ReadSettings, read_settings
from catalog_compiler.garbage import collection_put_off
from catalog_compiler.item import CompiledItem, compile_item
from catalog_compiler.problems import Problem

__all__ = ["CompiledCatalog", "assemble", "compile_catalog", "read_catalog"]


@dataclass(frozen=True, kw_only=True, slots=True)
class CompiledCatalog:
    """What became of a catalog: an entry for each `.yaml` file under its folder, and everything that is wrong.

    Items whose id another file has too are without revision and plan.
    """

    items: tuple[CompiledItem, ...]
    problems: tuple[Problem, ...]
    """Sorted by file and place; those of items, of `.pao.yaml` and of the files as such."""
    settings: CatalogSettings


def compile_catalog(files: Iterable[tuple[str, bytes]], links: Iterable[str] = ()) -> CompiledCatalog:
    """Compile a repository's files, given as path from its root and content; files beside the catalog are ignored.

    `links` are the paths of links to files that end like an item's, and to folders; those in the catalog are reported.
    """
    contents = dict(files)
    settings = read_settings(contents.get(SETTINGS_FILE, b""))
    folder, categories = settings.settings.folder, settings.settings.categories
    paths = sorted(path for path in contents if in_folder(path, folder))
    with collection_put_off():
        compiled = [compile_item(contents[path], path, categories) for path in paths if path.endswith(SUFFIX)]
    return assemble(compiled, settings, misnamed=[path for path in paths if path.endswith(WRONG_SUFFIX)], links=links)


def assemble(
    compiled: Iterable[CompiledItem], settings: ReadSettings, *, misnamed: Iterable[str], links: Iterable[str]
) -> CompiledCatalog:
    """Make a catalog of its compiled files: what only shows when all of them are seen together.

    `misnamed` are the paths of its files that end with `.yml`; `links` are as in `compile_catalog`.
    """
    items = _without_duplicates(list(compiled))
    problems = [*settings.problems]
    problems.extend(_wrong_suffix(path) for path in misnamed)
    problems.extend(link_problem(path) for path in links if concerns_catalog(path, settings.settings.folder))
    for item in items:
        problems.extend(item.problems)
    return CompiledCatalog(
        items=tuple(items), problems=tuple(sorted(problems, key=Problem.sort_key)), settings=settings.settings
    )


def _wrong_suffix(path: str) -> Problem:
    return Problem(
        code="file-extension",
        severity="error",
        message=f"'{path}' ends with {WRONG_SUFFIX}, so it is not served",
        file=path,
        line=1,
        column=1,
        pointer="",
        hint=f"rename it to '{path.removesuffix(WRONG_SUFFIX)}{SUFFIX}'",
    )


def _without_duplicates(items: list[CompiledItem]) -> list[CompiledItem]:
    """Items whose id is in several files get an error each, and are not served."""
    by_id: dict[str, list[CompiledItem]] = defaultdict(list)
    for item in items:
        if item.item_id is not None:
            by_id[item.item_id].append(item)
    return [
        _refused(item, by_id[item.item_id]) if item.item_id and len(by_id[item.item_id]) > 1 else item for item in items
    ]


def _refused(item: CompiledItem, same: list[CompiledItem]) -> CompiledItem:
    others = ", ".join(other.file for other in same if other.file != item.file)
    problem = Problem(
        code="duplicate-id",
        severity="error",
        message=f"the id '{item.item_id}' is also in {others}; give each item its own",
        file=item.file,
        line=item.id_place.line,
        column=item.id_place.column,
        pointer="/header/id",
        item_id=item.item_id,
    )
    problems = tuple(sorted((*item.problems, problem), key=Problem.sort_key))
    return replace(item, problems=problems, revision=None, plan=None)
