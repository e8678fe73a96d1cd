"""Every part of every example changed: reported or compiled, never an exception; and what compiles would run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from catalog_compiler.document import parse_document
from catalog_compiler.item import CompiledItem
from catalog_compiler.revision import revision_of
from tests.catalog_compiler.mutations import CHANGES, OTHER_VALUES, changed, compiled, places
from tests.catalog_compiler.running import reasons
from tests.catalog_compiler.words import shortcomings

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "examples" / "catalog" / "catalog").glob("**/*.yaml"))
EVERYTHING = ROOT / "tests" / "catalog" / "valid" / "everything.yaml"


def as_json(path: Path) -> str:
    """The document of a valid file, to be changed."""
    return json.dumps(parse_document(path.read_bytes(), path.name).document.data)


def assert_consistent(item: CompiledItem, change: object) -> None:
    """There is an error or a plan, what is told helps, and what has a plan would run."""
    assert (item.plan is None) == any(problem.severity == "error" for problem in item.problems), change
    for problem in item.problems:
        assert problem.line >= 1, change
        assert problem.column >= 1, change
        assert [] == list(shortcomings(problem.message, problem.hint)), (change, problem.message[:300])
    if item.plan is not None:
        assert item.revision == revision_of(item.data)
        assert [] == list(reasons(item)), change


@pytest.mark.parametrize("path", [EVERYTHING, *EXAMPLES], ids=lambda path: path.stem)
def test_examples_would_run(path):
    """Or the oracle, which the other tests ask, knew nothing."""
    assert [] == list(reasons(compiled(json.loads(as_json(path)))))


@pytest.mark.timeout(300)
@pytest.mark.parametrize("change", CHANGES)
def test_no_change_to_an_item_with_every_key_is_taken_wrongly(change):
    """Each part dropped, doubled, renamed, or each of some other values in its place."""
    text = as_json(EVERYTHING)

    for place in places(json.loads(text)):
        assert_consistent(compiled(changed(text, [(place, change)])), (place, change))


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", ["drop", "double", "rename", "another value"])
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_no_change_to_an_example_is_taken_wrongly(path, kind):
    """Each part dropped, doubled, renamed, or one of the other values in its place."""
    text = as_json(path)

    for number, place in enumerate(places(json.loads(text))):
        change = number % len(OTHER_VALUES) if kind == "another value" else kind
        assert_consistent(compiled(changed(text, [(place, change)])), (place, change))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_no_required_part_can_be_missing(path):
    """Without header, form or manual way, and without what these need, an item is refused."""
    text = as_json(path)
    needed = [
        *(("header", key) for key in ("id", "name", "description", "version", "category", "owner")),
        *((section,) for section in ("header", "presentation", "fulfillment")),
        ("fulfillment", "manual"),
        ("fulfillment", "manual", "actions"),
        ("presentation", "groups"),
    ]

    for place in needed:
        assert compiled(changed(text, [(place, "drop")])).plan is None, place
