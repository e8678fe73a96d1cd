"""Finds what changed in a catalog between two states of its files, and whether the items' versions tell of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from catalog_compiler.catalog_files import SUFFIX, in_folder
from catalog_compiler.catalog_settings import SETTINGS_FILE, read_settings
from catalog_compiler.document import parse_document
from catalog_compiler.findings import locate
from catalog_compiler.item import CompiledItem, compile_item
from catalog_compiler.versions import version_findings
from catalog_compiler.written_ids import written_ids

if TYPE_CHECKING:
    from catalog_compiler.catalog import CompiledCatalog
    from catalog_compiler.problems import Problem


def version_problems(
    catalog: CompiledCatalog, files: Mapping[str, bytes], before: Mapping[str, bytes]
) -> Iterator[Problem]:
    """Warnings for the valid items of a catalog compiled from `files`, compared with what was valid in `before`.

    Items are found by their id, so that a file may move. Only files that differ and may hold such an item are compiled.
    """
    changed = [item for item in catalog.items if item.item is not None and item.plan is not None]
    changed = [item for item in changed if before.get(item.file) != files[item.file]]
    paths, ids = {item.file for item in changed}, {item.item_id for item in changed}
    old = {
        path: content
        for path, content in before.items()
        if files.get(path) != content
        and (path in paths or path == SETTINGS_FILE or not ids.isdisjoint(written_ids(content)))
    }
    yield from changed_items(changed, _items(old, files), lambda item: files[item.file])


def changed_items(
    items: Iterable[CompiledItem],
    before: Mapping[str | None, CompiledItem],
    content: Callable[[CompiledItem], bytes],
) -> Iterator[Problem]:
    """Warnings for valid items, compared with the valid ones of the same ids; `content` gives an item's file."""
    for item in items:
        old = before.get(item.item_id)
        if old is None or old.item is None or item.item is None or old.revision == item.revision:
            continue
        found = list(version_findings(old.item, item.item))
        document = parse_document(content(item), item.file).document if found else None
        if document is not None:
            yield from (replace(locate(finding, document), item_id=item.item_id) for finding in found)


def _items(changed: Mapping[str, bytes], files: Mapping[str, bytes]) -> dict[str | None, CompiledItem]:
    """The valid items among files that are not what they were, by id; settings that did not change stand in `files`."""
    settings = read_settings(changed.get(SETTINGS_FILE, files.get(SETTINGS_FILE, b""))).settings
    compiled = (
        compile_item(content, path, settings.categories)
        for path, content in changed.items()
        if path.endswith(SUFFIX) and in_folder(path, settings.folder)
    )
    return {item.item_id: item for item in compiled if item.plan is not None}
