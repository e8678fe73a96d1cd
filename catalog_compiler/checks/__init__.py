"""The checks of an item: rules between its parts, each module one part of the item.

A check takes the model and yields findings; it raises nothing and knows no file.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from catalog_compiler.checks.fulfillment import check_fulfillments
from catalog_compiler.checks.header import check_header
from catalog_compiler.checks.presentation import check_presentation
from catalog_compiler.checks.texts import check_texts

if TYPE_CHECKING:
    from catalog_compiler.findings import Finding
    from catalog_compiler.model import Item


def check_item(item: Item, categories: Collection[str]) -> Iterator[Finding]:
    """Everything that is wrong with an item whose keys and types are right; `categories` are those of the catalog."""
    yield from check_header(item.header, categories)
    yield from check_texts(item)
    yield from check_presentation(item)
    yield from check_fulfillments(item)
