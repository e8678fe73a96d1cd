"""Reads the files of a catalog from a folder. The only part of the compiler that touches a disk."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from catalog_compiler.catalog_settings import SETTINGS_FILE, read_settings
from catalog_compiler.document import MAX_BYTES

SUFFIX = ".yaml"
WRONG_SUFFIX = ".yml"
_BARE_FOLDER = (SETTINGS_FILE, b"folder: .\n")
"""The settings of files that stand in no repository."""


def in_folder(path: str, folder: str) -> bool:
    """Whether a repository's file stands in the folder of items; hidden folders and files are none of the catalog's."""
    inside = PurePosixPath(path)
    return inside.is_relative_to(PurePosixPath(folder)) and not any(part.startswith(".") for part in inside.parts)


def read_catalog(folder: Path) -> Iterator[tuple[str, bytes]]:
    """The files of a checked-out repository that its catalog is made of, with paths from `folder`, its root.

    Links that lead out of the root are not followed. Of a file that is too large only as much is read as shows that.

    Raises:
        OSError: if a file or folder cannot be read.

    """
    root = folder.resolve(strict=True)
    yield from _settings(root)
    items = _items_folder(root)
    if items.is_relative_to(root) and items.is_dir():
        yield from _walk(items, root)


def read_part(path: Path) -> Iterator[tuple[str, bytes]]:
    """The files that `path` means: a whole repository, a folder of items, or one file.

    For a part of a repository, the repository's settings come with it.

    Raises:
        OSError: if a file or folder cannot be read.

    """
    target = path.resolve(strict=True)
    root = root_of(target)
    if root == target:
        yield from read_catalog(root)
        return
    if root is None:
        root = target.parent if target.is_file() else target
        yield _BARE_FOLDER
    else:
        yield from _settings(root)
    if target.is_file():
        yield target.relative_to(root).as_posix(), _read(target)
    else:
        yield from _walk(target, root)


def root_of(target: Path) -> Path | None:
    """The catalog repository that the resolved path `target` is the root of, or whose folder of items it stands in."""
    for candidate in (target, *target.parents):
        items = _items_folder(candidate)
        if (candidate / SETTINGS_FILE).is_file() or items.is_dir():
            return candidate if target == candidate or target.is_relative_to(items) else None
    return None


def _items_folder(root: Path) -> Path:
    content = next((content for _, content in _settings(root)), b"")
    return (root / read_settings(content).settings.folder).resolve()


def _settings(root: Path) -> Iterator[tuple[str, bytes]]:
    path = root / SETTINGS_FILE
    if _is_inside(path, root):
        yield SETTINGS_FILE, _read(path)


def _walk(folder: Path, root: Path) -> Iterator[tuple[str, bytes]]:
    for directory, folders, names in os.walk(folder, onerror=_raise):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(directory, name)
            if path.suffix in {SUFFIX, WRONG_SUFFIX} and _is_inside(path, root):
                yield path.relative_to(root).as_posix(), _read(path)


def _is_inside(path: Path, root: Path) -> bool:
    return path.is_file() and path.resolve().is_relative_to(root)


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)


def _raise(error: OSError) -> None:
    raise error
