"""The client's operations on the catalog: what can be ordered, and by which form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import quote

from pydantic import JsonValue

from api_plugin.client_transport import Transport
from api_plugin.datamodels.catalog import CatalogPage, ItemAnswer, ItemSummary, PreviewAnswer, SchemaAnswer

PAGE = 200
"""Entries that are asked for at once."""


class CatalogClient:
    """What `ApiClient.catalog` can do. `catalog` names another catalog than the default one."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def first_page(self) -> CatalogPage:
        """The first item and the number of all: the least that shows whether the catalog can be read."""
        return self._transport.model(CatalogPage, "GET", "/api/v1/catalog", params={"limit": 1})

    def items(
        self,
        *,
        catalog: str | None = None,
        category: str | None = None,
        tag: str | None = None,
        owner: str | None = None,
        q: str | None = None,
    ) -> Iterator[ItemSummary]:
        """Every item that can be ordered, page after page."""
        cursor = None
        filters = {"catalog": catalog, "category": category, "tag": tag, "owner": owner, "q": q}
        while True:
            params = {**filters, "limit": PAGE, "cursor": cursor}
            page = self._transport.model(CatalogPage, "GET", "/api/v1/catalog", params=params)
            yield from page.items
            cursor = page.next_cursor
            if cursor is None:
                return

    def item(self, item_id: str, *, catalog: str | None = None) -> ItemAnswer:
        """One item."""
        return self._transport.model(ItemAnswer, "GET", _path(item_id), params={"catalog": catalog})

    def schema(self, item_id: str, *, catalog: str | None = None) -> SchemaAnswer:
        """Its form."""
        return self._transport.model(SchemaAnswer, "GET", _path(item_id, "/schema"), params={"catalog": catalog})

    def preview(
        self, item_id: str, fields: Mapping[str, JsonValue], *, mode: str | None = None, catalog: str | None = None
    ) -> PreviewAnswer:
        """What a request would do; calls nothing."""
        body = {"fields": dict(fields)} | ({} if mode is None else {"mode": mode})
        path = _path(item_id, "/preview")
        return self._transport.model(PreviewAnswer, "POST", path, body, params={"catalog": catalog})


def _path(item_id: str, rest: str = "") -> str:
    return f"/api/v1/catalog/items/{quote(item_id, safe='')}{rest}"
