"""The catalog reference: what is in `docs/` is what the code says."""

from __future__ import annotations

from pathlib import Path

import pytest
from pao_docs.reference import FILTER_EXAMPLES, reference

from catalog_compiler.actions import action_types
from catalog_compiler.field_types import FIELD_TYPES
from catalog_compiler.templates import FILTERS

FILE = Path(__file__).parents[2] / "docs" / "catalog-reference.md"


def test_the_page_is_up_to_date():
    """After a change of a model, a field type, a filter, an action type or a message: make docs."""
    assert reference() == FILE.read_text(encoding="utf-8"), "docs/catalog-reference.md is stale; run 'make docs'"


@pytest.mark.parametrize("name", [*FIELD_TYPES, *FILTERS, *action_types()])
def test_everything_that_is_registered_is_in_it(name):
    """By its name in YAML."""
    assert f"`{name}`" in reference()


def test_every_filter_has_an_example():
    """Its result is worked out by the template engine itself."""
    assert FILTERS.keys() == FILTER_EXAMPLES.keys()
