"""Reads the files of a catalog from a folder. The only part of the compiler that touches a disk."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath

from catalog_compiler.catalog_settings import SETTINGS_FILE, read_settings
from catalog_compiler.document import MAX_BYTES
from catalog_compiler.problems import Problem

SUFFIX = ".yaml"
WRONG_SUFFIX = ".yml"
_SUFFIXES = frozenset({SUFFIX, WRONG_SUFFIX})

_Entry = tuple[str, bytes | None]
"""A path and its content; a link has none."""

_BARE_FOLDER: _Entry = (SETTINGS_FILE, b"folder: .\n")
"""The settings of files that stand in no repository."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CatalogFiles:
    """What a catalog is made of, by paths from the repository's root."""

    contents: Mapping[str, bytes]
    links: tuple[str, ...] = ()
    """Links where files of the catalog are looked for; none of them is followed."""


def in_folder(path: str, folder: str) -> bool:
    """Whether a repository's file stands in the folder of items; hidden folders and files are none of the catalog's."""
    start = _start(folder)
    return (path == start[:-1] or path.startswith(start)) and not (path.startswith(".") or "/." in path)


@lru_cache(maxsize=64)
def _start(folder: str) -> str:
    """What paths in a folder start with; a repository has thousands of them, and a folder is written in many ways."""
    return "" if PurePosixPath(folder) == PurePosixPath() else f"{PurePosixPath(folder)}/"


def link_problem(path: str) -> Problem:
    """The error for a link that stands where a file of the catalog, or a folder of them, is looked for."""
    return Problem(
        code="invalid-value",
        severity="error",
        message=f"'{path}' is a link, and links are not followed; put the file itself there",
        file=path,
        line=1,
        column=1,
        pointer="",
    )


def concerns_catalog(link: str, folder: str) -> bool:
    """Whether a link hides a part of the catalog: its settings, its folder of items, or what stands in there."""
    return link == SETTINGS_FILE or in_folder(link, folder) or PurePosixPath(folder).is_relative_to(link)


def read_catalog(folder: Path) -> CatalogFiles:
    """The files of a checked-out repository that its catalog is made of, with paths from `folder`, its root.

    Of a file that is too large only as much is read as shows that.

    Raises:
        OSError: if a file or folder cannot be read.

    """
    return _gathered(_repository(folder.resolve(strict=True)))


def read_part(path: Path) -> CatalogFiles:
    """The files that `path` means: a whole repository, a folder of items, or one file.

    For a part of a repository, the repository's settings come with it.

    Raises:
        OSError: if a file or folder cannot be read.

    """
    return _gathered(_part(path))


def root_of(target: Path) -> Path | None:
    """The catalog repository that the resolved path `target` is the root of, or whose folder of items it stands in."""
    for candidate in (target, *target.parents):
        items = candidate / _folder(candidate)
        if (candidate / SETTINGS_FILE).is_file() or items.is_dir():
            return candidate if target == candidate or target.is_relative_to(items) else None
    return None


def _gathered(entries: Iterable[_Entry]) -> CatalogFiles:
    found = dict(entries)
    return CatalogFiles(
        contents={path: content for path, content in found.items() if content is not None},
        links=tuple(path for path, content in found.items() if content is None),
    )


def _part(path: Path) -> Iterator[_Entry]:
    target = path.resolve(strict=True)
    if path.is_symlink() and target.is_file():
        target = path.parent.resolve() / path.name
    root = root_of(target)
    if root == target:
        yield from _repository(root)
        return
    if root is None:
        root = target if target.is_dir() else target.parent
        yield _BARE_FOLDER
    else:
        yield from _settings(root)
    if target.is_dir():
        yield from _walk(target, root)
    else:
        yield _entry(target, root)


def _repository(root: Path) -> Iterator[_Entry]:
    yield from _settings(root)
    items = root / _folder(root)
    for folder in (items, *items.parents):
        if folder.is_relative_to(root) and folder != root and folder.is_symlink():
            yield folder.relative_to(root).as_posix(), None
            return
    if items.is_dir():
        yield from _walk(items, root)


def _folder(root: Path) -> str:
    content = next((content for _, content in _settings(root)), None)
    return read_settings(content or b"").settings.folder


def _settings(root: Path) -> Iterator[_Entry]:
    path = root / SETTINGS_FILE
    if path.is_symlink() or path.is_file():
        yield _entry(path, root)


def _walk(folder: Path, root: Path) -> Iterator[_Entry]:
    for directory, folders, names in os.walk(folder, onerror=_raise):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(directory, name)
            if path.suffix in _SUFFIXES and (path.is_symlink() or path.is_file()):
                yield _entry(path, root)
        yield from (_entry(path, root) for name in folders if (path := Path(directory, name)).is_symlink())


def _entry(path: Path, root: Path) -> _Entry:
    return path.relative_to(root).as_posix(), None if path.is_symlink() else _read(path)


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)


def _raise(error: OSError) -> None:
    raise error
