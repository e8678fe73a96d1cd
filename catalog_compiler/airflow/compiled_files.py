"""What the files of a catalog became, kept from commit to commit, so that a commit costs only what it changed."""

from __future__ import annotations

from collections.abc import Iterable
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

    def compile(
        self, repository: Repository, blobs: Iterable[Blob], categories: tuple[str, ...]
    ) -> tuple[CompiledItem, ...]:
        """What each file became, in the order given; only those that are not known as they are, are read.

        Raises RepositoryError where git fails, and for nothing that a file holds.
        """
        wanted = {blob.path: blob for blob in blobs}
        changed = [blob for blob in wanted.values() if not self._holds(blob, categories)]
        known = {path: self._known[path] for path in wanted.keys() & self._known.keys()}
        with collection_put_off():
            for blob, content in zip(changed, repository.read(changed), strict=True):
                item = compile_item(content, blob.path, categories)
                known[blob.path] = _Known(blob=blob.id, categories=categories, item=item)
        self._known = known
        return tuple(known[path].item for path in wanted)

    def _holds(self, blob: Blob, categories: tuple[str, ...]) -> bool:
        known = self._known.get(blob.path)
        return known is not None and (known.blob, known.categories) == (blob.id, categories)
