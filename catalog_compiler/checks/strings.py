"""The strings of a config: the places where templates can stand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from catalog_compiler.problems import Path


def strings_in(value: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """All string values in a JSON value, each with its path; keys are not among them."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from strings_in(part, (*path, key))
    elif isinstance(value, list):
        for position, part in enumerate(value):
            yield from strings_in(part, (*path, position))
