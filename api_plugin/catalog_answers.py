"""What the catalog's operations share: which catalog and item are meant, and when an answer need not be sent again."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from importlib.metadata import version
from typing import Annotated

from fastapi import Query, Request, Response
from sqlalchemy.orm import Session

from api_plugin.catalog_cache import CatalogView
from api_plugin.configuration import settings
from api_plugin.exceptions import ApiProblem, not_found
from api_plugin.health import DISTRIBUTION
from api_plugin.principals import Principal
from api_plugin.served_item import ServedItem
from api_plugin.state import ApiState
from api_plugin.visibility import sees_item

CatalogName = Annotated[str | None, Query(description="The catalog; the default one where it is left out.")]
Limit = Annotated[int, Query(ge=1, le=200)]


def catalog_view(state: ApiState, session: Session, catalog: str | None) -> CatalogView:
    """The catalog of that name, by default the default one; a 404 problem where there is none."""
    name = catalog or settings().default_catalog
    view = state.catalogs.view(session, name)
    if view is None:
        raise not_found(f"there is no catalog '{name[:120]}'", "unknown-catalog")
    return view


def item_of(view: CatalogView, item_id: str, caller: Principal) -> ServedItem:
    """The item as it is served now; a 404 problem where the caller may not see one."""
    item = view.items.get(item_id)
    if item is None or not sees_item(caller, item.header.access):
        hint = "; it was published a moment ago and is getting ready" if item_id in view.pending else ""
        raise unknown_item(view.name, item_id, hint)
    return item


def served_item(state: ApiState, session: Session, catalog: str | None, item_id: str, caller: Principal) -> ServedItem:
    """The item of the catalog of that name; a 404 problem where either is not for the caller to see."""
    return item_of(catalog_view(state, session, catalog), item_id, caller)


def unknown_item(catalog: str, item_id: str, hint: str = "") -> ApiProblem:
    """404: the catalog has no such item, or none that the caller may know of."""
    return not_found(f"the catalog '{catalog}' has no item '{item_id[:120]}'{hint}", "unknown-item")


def unchanged(request: Request, response: Response, view: CatalogView, caller: Principal) -> Response | None:
    """Set the caching headers; a 304 where the caller has this answer already. What is seen depends on the caller."""
    etag = _etag(view, caller)
    response.headers["ETag"] = etag
    response.headers["Cache-Control"] = "private, no-cache"
    known = request.headers.get("if-none-match", "")
    if etag not in {part.strip().removeprefix("W/") for part in known.split(",")}:
        return None
    return Response(status_code=304, headers=dict(response.headers))


def _etag(view: CatalogView, caller: Principal) -> str:
    """Changes with all that an answer is made from: catalog, caller, this program and its settings."""
    parts = [
        [view.name, view.commit, view.change_counter],
        sorted(caller.roles),
        sorted(permission.name for permission in caller.permissions),
        [_version(), settings().max_file_bytes],
    ]
    return f'"{hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]}"'


@cache
def _version() -> str:
    return version(DISTRIBUTION)
