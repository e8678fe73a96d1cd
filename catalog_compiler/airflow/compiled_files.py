"""What the files of a catalog became, kept from commit to commit, so that a commit costs only what it changed.

Compiling thousands of files takes longer than some callers may wait, so it can be done a part at a time.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass

from catalog_compiler.airflow.repository import Blob, Repository
from catalog_compiler.garbage import collection_put_off
from catalog_compiler.item import CompiledItem, compile_item


class UnfinishedError(Exception):
    """There is more to compile than there was time for; what is compiled is kept, so do the same again to go on."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Known:
    """A compiled file, with all that decided what it became."""

    blob: str
    categories: tuple[str, ...]
    item: CompiledItem


class CompiledFiles:
    """The files of the commit that was compiled last. Not thread-safe: whoever compiles holds the bundle's lock."""

    def __init__(self, *, patience: float = math.inf) -> None:
        """Know nothing yet: the first commit is compiled whole. `patience` is for how many seconds a call may compile.

        One file at least is compiled by each call, so that calling again and again comes to an end.
        """
        self._patience = patience
        self._known: dict[str, _Known] = {}
        self._before: dict[str, _Known] = {}
        self._begun: dict[str, _Known] = {}
        """What a call compiled that did not come to its end."""

    def compile(
        self, repository: Repository, blobs: Sequence[Blob], categories: tuple[str, ...]
    ) -> tuple[CompiledItem, ...]:
        """What each file became, in the order given; only those that are not known as they are, are read.

        Raises RepositoryError where git fails, UnfinishedError, and nothing for what a file holds.
        """
        known = self._compiled(repository, blobs, categories)
        if known != self._known:
            self._before, self._known = self._known, known
        return tuple(entry.item for entry in known.values())

    def compile_former(
        self, repository: Repository, blobs: Sequence[Blob], categories: tuple[str, ...]
    ) -> tuple[CompiledItem, ...]:
        """The same for files of a commit before, which are not kept: the commit compiled before it may know them.

        Raises as `compile` does.
        """
        return tuple(entry.item for entry in self._compiled(repository, blobs, categories).values())

    def _compiled(
        self, repository: Repository, blobs: Sequence[Blob], categories: tuple[str, ...]
    ) -> dict[str, _Known]:
        found = {blob.path: self._find(blob, categories) for blob in blobs}
        missing = [blob for blob in blobs if found[blob.path] is None]
        limit = time.monotonic() + self._patience
        with collection_put_off(), closing(repository.read(missing)) as contents:
            for blob in missing:
                item = compile_item(next(contents), blob.path, categories)
                found[blob.path] = self._begun[blob.path] = _Known(blob=blob.id, categories=categories, item=item)
                if blob is not missing[-1] and time.monotonic() >= limit:
                    raise UnfinishedError
        if missing:
            self._begun.clear()
        return {path: entry for path, entry in found.items() if entry is not None}

    def _find(self, blob: Blob, categories: tuple[str, ...]) -> _Known | None:
        for entries in (self._known, self._before, self._begun):
            entry = entries.get(blob.path)
            if entry is not None and (entry.blob, entry.categories) == (blob.id, categories):
                return entry
        return None
