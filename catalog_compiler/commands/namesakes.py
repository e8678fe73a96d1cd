"""Finds the files of a catalog that have the id of an item in a part of it, without compiling all the others."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from catalog_compiler.catalog import CompiledCatalog, compile_catalog
from catalog_compiler.written_ids import written_ids


def beside_namesakes(
    part: CompiledCatalog, files: Mapping[str, bytes], whole: Mapping[str, bytes], links: Collection[str]
) -> CompiledCatalog:
    """The part of a catalog, compiled from `files`, with errors where other files of the `whole` have the same ids.

    One that does not write its id plainly is only found where the whole is compiled.
    """
    wanted = {item.item_id for item in part.items}
    others = {
        path: content
        for path, content in whole.items()
        if path not in files and not wanted.isdisjoint(written_ids(content))
    }
    if not others:
        return part
    both = compile_catalog({**others, **files}.items(), links)
    return replace(
        both,
        items=tuple(item for item in both.items if item.file not in others),
        problems=tuple(problem for problem in both.problems if problem.file not in others),
    )
