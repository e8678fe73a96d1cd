"""What the files of a catalog became, kept from commit to commit, so that a commit costs only what it changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from catalog_compiler.airflow.repository import Blob, Repository
from catalog_compiler.garbage import collection_put_off
from catalog_compiler.item import CompiledItem, compile_item


@dataclass(frozen=True, kw_only=True, slots=True)
class _Known:
    """A compiled file, with all that decided what it became."""

    blob: str
    categories: tuple[str, ...]
    item: CompiledItem


class CompiledFiles:
    """The files of the commit that was compiled last. Not thread-safe: whoever compiles holds the bundle's lock."""

    def __init__(self) -> None:
        """Know nothing yet: the first commit is compiled whole."""
        self._known: dict[str, _Known] = {}
        self._before: dict[str, _Known] = {}

    def compile(
        self, repository: Repository, blobs: Sequence[Blob], categories: tuple[str, ...]
    ) -> tuple[CompiledItem, ...]:
        """What each file became, in the order given; only those that are not known as they are, are read.

        Raises RepositoryError where git fails, and for nothing that a file holds.
        """
        known = self._compiled(repository, blobs, categories)
        self._before, self._known = self._known, known
        return tuple(entry.item for entry in known.values())

    def compile_former(
        self, repository: Repository, blobs: Sequence[Blob], categories: tuple[str, ...]
    ) -> tuple[CompiledItem, ...]:
        """The same for files of a commit before, which are not kept: the commit compiled before it may know them."""
        return tuple(entry.item for entry in self._compiled(repository, blobs, categories).values())

    def _compiled(
        self, repository: Repository, blobs: Sequence[Blob], categories: tuple[str, ...]
    ) -> dict[str, _Known]:
        found = {blob.path: self._find(blob, categories) for blob in blobs}
        missing = [blob for blob in blobs if found[blob.path] is None]
        fresh = {}
        with collection_put_off():
            for blob, content in zip(missing, repository.read(missing), strict=True):
                item = compile_item(content, blob.path, categories)
                fresh[blob.path] = _Known(blob=blob.id, categories=categories, item=item)
        return {path: entry or fresh[path] for path, entry in found.items()}

    def _find(self, blob: Blob, categories: tuple[str, ...]) -> _Known | None:
        for entries in (self._known, self._before):
            entry = entries.get(blob.path)
            if entry is not None and (entry.blob, entry.categories) == (blob.id, categories):
                return entry
        return None
