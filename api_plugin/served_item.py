"""An item as it is served. A process keeps many: each as compressed text, of which the parts in use are parsed."""

from __future__ import annotations

import datetime as dt
import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Literal

from api_plugin.configuration import settings
from api_plugin.datamodels.catalog import ItemSummary, SlaAnswer
from catalog_compiler.file_limit import with_file_limit
from catalog_compiler.form import Form, item_form
from catalog_compiler.model import Header, Item, drop_free_keys
from catalog_compiler.plan import ItemPlan, Mode

SortKey = Literal["id", "name", "category"]
PARSED = 64
"""Items that a process keeps parsed. One takes a hundred times the space of its text, and a millisecond to parse."""


@dataclass(frozen=True, kw_only=True)
class ServedItem:
    """An item as it is served: one revision, with where it came from."""

    catalog: str
    revision: str
    header: Header
    modes: tuple[Mode, ...]
    valid: bool
    """Whether the published commit's file is valid; where it is not, this is the last revision that was."""
    file: str
    commit: str
    author: str
    committed_at: dt.datetime
    document: bytes
    """The parsed YAML document, by `packed`."""
    packed_plan: bytes
    """The compiled plan, by `packed`."""

    @property
    def item(self) -> Item:
        """The whole item, with the platform's limit for files where it has none."""
        return _item(self.document, settings().max_file_bytes)

    @property
    def plan(self) -> ItemPlan:
        """What it becomes."""
        return _plan(self.packed_plan)

    @property
    def form(self) -> Form:
        """Its form."""
        return _form(self.document, settings().max_file_bytes)

    @property
    def status(self) -> Literal["available", "outdated"]:
        """Outdated where the published commit's file is invalid."""
        return "available" if self.valid else "outdated"

    def position(self, key: SortKey) -> tuple[str, str]:
        """Where it stands in a list by a part of its header."""
        text: str = getattr(self.header, key)
        return text.casefold(), self.header.id

    @cached_property
    def summary(self) -> bytes:
        """The item as lists show it, in JSON."""
        return _summary(self).model_dump_json().encode()

    @cached_property
    def words(self) -> str:
        """What a search looks through, without regard to case."""
        return " ".join([self.header.name, self.header.description, *self.header.tags]).casefold()


def packed(text: str) -> bytes:
    """JSON text as it is kept."""
    return zlib.compress(text.encode(), 6)


def read_header(header: dict[str, Any]) -> Header:
    """A document's header without the keys that are an author's own."""
    return Header.model_validate(drop_free_keys({"header": header})["header"])


def as_page(items: Sequence[ServedItem], **more: Any) -> bytes:
    """A page of the list in JSON: `items`, and what else it says."""
    listed = b",".join(item.summary for item in items)
    return b'{"items":[' + listed + b"]," + json.dumps(more, separators=(",", ":"), ensure_ascii=False).encode()[1:]


@lru_cache(PARSED)
def _item(document: bytes, max_file_bytes: int) -> Item:
    item = Item.model_validate(drop_free_keys(json.loads(zlib.decompress(document))))
    return with_file_limit(item, max_file_bytes)


@lru_cache(PARSED)
def _plan(plan: bytes) -> ItemPlan:
    return ItemPlan.model_validate_json(zlib.decompress(plan))


@lru_cache(PARSED)
def _form(document: bytes, max_file_bytes: int) -> Form:
    return item_form(_item(document, max_file_bytes))


def _summary(served: ServedItem) -> ItemSummary:
    header = served.header
    sla = header.sla
    return ItemSummary(
        id=header.id,
        name=header.name,
        description=header.description,
        version=header.version,
        category=header.category,
        owner=header.owner,
        tags=list(header.tags),
        sla=SlaAnswer(provisioning_time=sla.provisioning_time, support_level=sla.support_level) if sla else None,
        modes=list(served.modes),
        revision=served.revision,
        status=served.status,
    )
