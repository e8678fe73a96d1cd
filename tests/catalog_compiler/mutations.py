"""Documents with one part changed: dropped, doubled, renamed, or another value in its place."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from catalog_compiler.item import CompiledItem, compile_item

Place = tuple[str | int, ...]

OTHER_VALUES: tuple[Any, ...] = (
    None,
    -1,
    True,
    "",
    13.10,
    "{{fields.x",
    "{{fields.nowhere}}",
    [[]],
    {"a": 1},
    "x" * 200,
    [],
    {},
)
CHANGES: tuple[Any, ...] = ("drop", "double", "rename", *range(len(OTHER_VALUES)))
"""What can be done to a part; a number is that of the other value."""


def places(data: Any, path: Place = ()) -> Iterator[Place]:
    """The paths of all values in a document."""
    parts = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in parts:
        yield (*path, key)
        yield from places(value, (*path, key))


def changed(text: str, changes: Sequence[tuple[Place, Any]]) -> Any:
    """A document, given as JSON, with these changes; those of parts that are no longer there are left out."""
    data = json.loads(text)
    for path, change in changes:
        parent = data
        for part in path[:-1]:
            parent = _inside(parent, part)
        if path and _inside(parent, path[-1]) is not None:
            _change(parent, path[-1], change)
    return data


def compiled(data: Any) -> CompiledItem:
    """The document as a file; JSON is YAML, and quick to write."""
    return compile_item(json.dumps(data, ensure_ascii=False).encode(), "catalog/item.yaml")


def _inside(parent: Any, part: str | int) -> Any:
    if isinstance(parent, dict):
        return parent.get(part)
    return parent[part] if isinstance(parent, list) and isinstance(part, int) and part < len(parent) else None


def _change(parent: Any, key: Any, change: Any) -> None:
    value = parent[key]
    if change == "drop":
        del parent[key]
    elif change == "double":
        parent.insert(key, value) if isinstance(parent, list) else parent.update({f"{key}-2": value})
    elif change == "rename":
        parent.append(f"{value}x") if isinstance(parent, list) else parent.update({f"{key}x": parent.pop(key)})
    else:
        parent[key] = OTHER_VALUES[change]
