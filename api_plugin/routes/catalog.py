"""`/catalog`: what can be ordered."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from functools import cache
from importlib.metadata import version
from typing import Annotated, Any, Literal, cast

from airflow.api_fastapi.common.db.common import SessionDep
from fastapi import APIRouter, Query, Request, Response

from api_plugin.catalog_cache import CatalogView
from api_plugin.configuration import settings
from api_plugin.cursors import decode_cursor, encode_cursor
from api_plugin.datamodels import (
    ActionOutline,
    CatalogPage,
    ItemAnswer,
    SchemaAnswer,
    SourceAnswer,
)
from api_plugin.documentation import problems
from api_plugin.exceptions import not_found
from api_plugin.health import DISTRIBUTION
from api_plugin.principals import CatalogReader, Principal
from api_plugin.served_item import ServedItem, SortKey, as_page
from api_plugin.state import ApiState, State
from api_plugin.visibility import sees_item

router = APIRouter(prefix="/catalog", tags=["catalog"])

CatalogName = Annotated[str | None, Query(description="The catalog; the default one where it is left out.")]
Limit = Annotated[int, Query(ge=1, le=200)]
Sort = Literal["id", "name", "category", "-id", "-name", "-category"]


def served_item(
    state: ApiState, session: SessionDep, catalog: str | None, item_id: str, caller: Principal
) -> ServedItem:
    """The item as it is served now; a 404 problem where the caller may not see one."""
    return _item(_view(state, session, catalog), item_id, caller)


def _item(view: CatalogView, item_id: str, caller: Principal) -> ServedItem:
    item = view.items.get(item_id)
    if item is None or not sees_item(caller, item.header.access):
        hint = "; it was published a moment ago and is getting ready" if item_id in view.pending else ""
        raise not_found(f"the catalog '{view.name}' has no item '{item_id[:120]}'{hint}", "unknown-item")
    return item


@router.get("", summary="List the catalog", responses={**problems(401, 403, 404, 422), 200: {"model": CatalogPage}})
def list_catalog(
    request: Request, response: Response, caller: CatalogReader, session: SessionDep, state: State,
    catalog: CatalogName = None, category: str | None = None, tag: str | None = None, owner: str | None = None,
    q: Annotated[str | None, Query(description="Words in name, description or tags.")] = None,
    sort: Sort = "name", limit: Limit = 50, cursor: str | None = None,
) -> Any:  # fmt: skip
    """List the items that the caller may order, with filters, in pages. Answers 304 to a known `ETag`."""
    view = _view(state, session, catalog)
    if (same := _unchanged(request, response, view, caller)) is not None:
        return same
    wanted: list[Callable[[ServedItem], bool]] = []
    if category is not None:
        wanted.append(lambda item: item.header.category == category)
    if tag is not None:
        wanted.append(lambda item: tag in item.header.tags)
    if owner is not None:
        wanted.append(lambda item: item.header.owner == owner)
    if q:
        wanted.append(lambda item: _mentions(item, q))
    return _page(response, view, caller, wanted, sort, limit, cursor)


@router.get(
    "/{category}", summary="List one category", responses={**problems(401, 403, 404, 422), 200: {"model": CatalogPage}}
)
def list_category(
    request: Request, response: Response, caller: CatalogReader, session: SessionDep, state: State, category: str,
    catalog: CatalogName = None, limit: Limit = 50, cursor: str | None = None,
) -> Any:  # fmt: skip
    """List the items of one category; an unknown category is a 404."""
    view = _view(state, session, catalog)
    if category not in view.categories:
        known = ", ".join(view.categories)
        raise not_found(f"'{category[:50]}' is no category; there are {known}", "unknown-category")
    if (same := _unchanged(request, response, view, caller)) is not None:
        return same
    return _page(response, view, caller, [lambda item: item.header.category == category], "name", limit, cursor)


@router.get("/items/{item_id}", response_model=ItemAnswer, summary="Show an item", responses=problems(401, 403, 404))
def show_item(
    request: Request, response: Response, caller: CatalogReader, session: SessionDep, state: State, item_id: str,
    catalog: CatalogName = None,
) -> Any:  # fmt: skip
    """Show an item: its header, its presentation, its actions in outline, its revision and where that comes from."""
    view = _view(state, session, catalog)
    served = _item(view, item_id, caller)
    if (same := _unchanged(request, response, view, caller)) is not None:
        return same
    return ItemAnswer(
        header=served.plan.header,
        presentation=served.item.presentation.model_dump(mode="json", by_alias=True, exclude_defaults=True),
        actions={
            mode: [
                ActionOutline(name=action.name, type=action.type, description=action.description)
                for action in served.plan.fulfillment(mode).actions
            ]
            for mode in served.modes
        },
        modes=list(served.modes),
        revision=served.revision,
        status=served.status,
        source=SourceAnswer(file=served.file, commit=served.commit, author=served.author, time=served.committed_at),
    )


@router.get(
    "/items/{item_id}/schema",
    response_model=SchemaAnswer,
    summary="Show an item's form",
    responses=problems(401, 403, 404),
)
def show_schema(
    request: Request, response: Response, caller: CatalogReader, session: SessionDep, state: State, item_id: str,
    catalog: CatalogName = None,
) -> Any:  # fmt: skip
    """Show the form of an item: the three props of react-jsonschema-form."""
    view = _view(state, session, catalog)
    served = _item(view, item_id, caller)
    if (same := _unchanged(request, response, view, caller)) is not None:
        return same
    form = served.form
    return SchemaAnswer(
        id=item_id,
        version=served.header.version,
        revision=served.revision,
        json_schema=dict(form.schema),
        ui_schema=dict(form.ui_schema),
        form_props=dict(form.form_props),
    )


def _view(state: ApiState, session: SessionDep, catalog: str | None) -> CatalogView:
    name = catalog or settings().default_catalog
    view = state.catalogs.view(session, name)
    if view is None:
        raise not_found(f"there is no catalog '{name[:120]}'", "unknown-catalog")
    return view


def _unchanged(request: Request, response: Response, view: CatalogView, caller: Principal) -> Response | None:
    """Set the caching headers; a 304 where the caller has this answer already. What is seen depends on the caller."""
    etag = _etag(view, caller)
    response.headers["ETag"] = etag
    response.headers["Cache-Control"] = "private, no-cache"
    known = request.headers.get("if-none-match", "")
    if etag not in {part.strip().removeprefix("W/") for part in known.split(",")}:
        return None
    return Response(status_code=304, headers=dict(response.headers))


def _etag(view: CatalogView, caller: Principal) -> str:
    """Changes with everything that an answer is made from: the catalog, what the caller may see, and this program."""
    parts = [
        [view.name, view.commit, view.change_counter],
        sorted(caller.roles),
        sorted(permission.name for permission in caller.permissions),
        _version(),
    ]
    return f'"{hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]}"'


@cache
def _version() -> str:
    return version(DISTRIBUTION)


def _mentions(item: ServedItem, words: str) -> bool:
    return all(word in item.words for word in words.casefold().split())


def _page(
    response: Response, view: CatalogView, caller: Principal, wanted: list[Callable[[ServedItem], bool]], sort: Sort,
    limit: int, cursor: str | None,
) -> Response:  # fmt: skip
    """Made of what each item keeps ready: to build and check a model of 200 items would take most of the time."""
    key, backwards = cast("SortKey", sort.removeprefix("-")), sort.startswith("-")
    items = [
        item
        for item in view.ordered(key)
        if sees_item(caller, item.header.access) and all(test(item) for test in wanted)
    ]
    rest = items[::-1] if backwards else items
    if cursor is not None:
        after = tuple(decode_cursor(cursor, str, str))
        rest = [item for item in rest if (item.position(key) < after if backwards else item.position(key) > after)]
    page = rest[:limit]
    more = encode_cursor(*page[-1].position(key)) if len(rest) > limit else None
    content = as_page(page, total=len(items), next_cursor=more, commit=view.commit)
    return Response(content, media_type="application/json", headers=dict(response.headers))
