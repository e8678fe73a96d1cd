"""Which published items stay although no file of a commit validly holds them: their file is there, and is broken.

Most of them are found in git's history (`snapshot`). Where that can't tell, because a file moved and broke at once, or
because history was rewritten, the published revision stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from catalog_compiler.airflow.repository import Repository
from catalog_compiler.airflow.snapshot import Snapshot


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """Where a published revision is from."""

    file: str
    commit: str


def broken_files(vanished: Mapping[str, Origin], snapshot: Snapshot, repository: Repository) -> dict[str, str]:
    """The file that now stands, broken, for each of the vanished items that has one; both by what they are called.

    `vanished` are the published items that the snapshot does not have. Raises RepositoryError where git fails.
    """
    if not snapshot.settings_known:
        return {item_id: origin.file for item_id, origin in vanished.items()}
    unreadable = {file for file, item_id in snapshot.invalid.items() if item_id is None}
    by_id = {item_id: file for file, item_id in snapshot.invalid.items() if item_id is not None}
    found = {}
    for item_id, origin in vanished.items():
        file = by_id.get(item_id, origin.file if origin.file in unreadable else None)
        if file is None and unreadable:
            moved = repository.moved(origin.file, origin.commit, snapshot.commit)
            file = moved if moved in unreadable else None
        if file is not None:
            found[item_id] = file
    return found
