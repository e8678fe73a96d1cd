"""Every part of every example dropped, doubled, renamed or of another type: reported or compiled, never an exception.

What still compiles must also make a form and a preview, or a broken item would be served.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from catalog_compiler.document import parse_document
from catalog_compiler.form import item_form
from catalog_compiler.item import CompiledItem, compile_item
from catalog_compiler.previewing import preview
from catalog_compiler.revision import revision_of

EXAMPLES = sorted((Path(__file__).parents[2] / "examples" / "catalog").glob("catalog/**/*.yaml"))
OTHER_VALUES: tuple[Any, ...] = (None, -1, True, "", "{{fields.x", "{{fields.nowhere}}", [[]], {"a": 1}, "x" * 200)

Path_ = tuple[str | int, ...]


def places(data: Any, path: Path_ = ()) -> Iterator[Path_]:
    """The paths of all values in a document."""
    parts = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in parts:
        yield (*path, key)
        yield from places(value, (*path, key))


def changed(data: Any, path: Path_, change: str, number: int) -> Any:
    """A copy of the document with the part at `path` changed."""
    data = copy.deepcopy(data)
    parent: Any = data
    for part in path[:-1]:
        parent = parent[part]
    key, value = path[-1], parent[path[-1]]
    if change == "drop":
        del parent[key]
    elif change == "double":
        parent.insert(key, copy.deepcopy(value)) if isinstance(parent, list) else parent.update({f"{key}-2": value})
    elif change == "rename":
        parent[key] = f"{value}x" if isinstance(parent, list) else parent.pop(key)
        parent.update({f"{key}x": parent.pop(key)}) if isinstance(parent, dict) else None
    else:
        parent[key] = OTHER_VALUES[number % len(OTHER_VALUES)]
    return data


def compiled(data: Any) -> CompiledItem:
    """The document as a file; JSON would be quicker to write, and is on one line."""
    return compile_item(yaml.safe_dump(data, sort_keys=False, allow_unicode=True).encode(), "catalog/item.yaml")


@pytest.mark.timeout(300)
@pytest.mark.parametrize("change", ["drop", "double", "rename", "retype"])
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_no_change_to_an_example_raises_or_hangs(path, change):
    """And nothing that is served is without a plan, a form and a preview."""
    data = parse_document(path.read_bytes(), path.name).document.data
    for number, place in enumerate(places(data)):
        item = compiled(changed(data, place, change, number))

        assert (item.plan is None) == any(problem.severity == "error" for problem in item.problems), place
        assert all(problem.line >= 1 and problem.column >= 1 for problem in item.problems), place
        if item.item is not None and item.plan is not None:
            assert item.revision == revision_of(item.data)
            assert item_form(item.item).schema["properties"] is not None
            for mode in item.plan.modes:
                preview(item.item, item.plan, {}, None, mode=mode)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_no_required_part_can_be_missing(path):
    """Without header, form or manual way, and without what these need, an item is refused."""
    data = parse_document(path.read_bytes(), path.name).document.data
    needed = [
        *(("header", key) for key in ("id", "name", "description", "version", "category", "owner")),
        *((section,) for section in ("header", "presentation", "fulfillment")),
        ("fulfillment", "manual"),
        ("fulfillment", "manual", "actions"),
        ("presentation", "groups"),
    ]

    for place in needed:
        assert compiled(changed(data, place, "drop", 0)).plan is None, place
