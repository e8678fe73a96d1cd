"""`/catalog`: what can be ordered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal, cast

from airflow.api_fastapi.common.db.common import SessionDep
from fastapi import APIRouter, Depends, Query, Request, Response

from api_plugin.bodies import Draft, JsonDraft
from api_plugin.catalog_answers import CatalogName, Limit, catalog_view, item_of, served_item, unchanged
from api_plugin.catalog_cache import CatalogView
from api_plugin.cursors import decode_cursor, encode_cursor
from api_plugin.datamodels.catalog import (
    ActionOutline,
    CatalogPage,
    ItemAnswer,
    OrderBody,
    PreviewAnswer,
    SchemaAnswer,
    SourceAnswer,
)
from api_plugin.documentation import problems
from api_plugin.exceptions import not_found
from api_plugin.order_checks import check_order, requester
from api_plugin.principals import CatalogReader, Principal, Requester
from api_plugin.served_item import ServedItem, SortKey, as_page
from api_plugin.state import State
from api_plugin.visibility import sees_item
from catalog_compiler.previewing import preview

router = APIRouter(prefix="/catalog", tags=["catalog"])

Sort = Literal["id", "name", "category", "-id", "-name", "-category"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Filters:
    """Which items a list is to have: all filters must hold, and all words."""

    tag: str | None = None
    owner: str | None = None
    q: str | None = None

    def test(self, category: str | None) -> Callable[[ServedItem], bool]:
        """Tells whether an item is one of them, and of the category if one is given."""
        words = (self.q or "").casefold().split()

        def wanted(item: ServedItem) -> bool:
            header = item.header
            return (
                category in {None, header.category}
                and (self.tag is None or self.tag in header.tags)
                and self.owner in {None, header.owner}
                and all(word in item.words for word in words)
            )

        return wanted


async def _filters(
    tag: str | None = None,
    owner: str | None = None,
    q: Annotated[str | None, Query(description="Words in name, description or tags.")] = None,
) -> Filters:
    """The filters of a call; a coroutine, since FastAPI would make a class on another thread."""
    return Filters(tag=tag, owner=owner, q=q)


Wanted = Annotated[Filters, Depends(_filters)]


@router.get("", summary="List the catalog", responses={**problems(401, 403, 404, 422), 200: {"model": CatalogPage}})
def list_catalog(
    request: Request, response: Response, caller: CatalogReader, session: SessionDep, state: State,
    wanted: Wanted, catalog: CatalogName = None, category: str | None = None,
    sort: Sort = "name", limit: Limit = 50, cursor: str | None = None,
) -> Any:  # fmt: skip
    """List the items that the caller may order, with filters, in pages. Answers 304 to a known `ETag`."""
    view = catalog_view(state, session, catalog)
    if (same := unchanged(request, response, view, caller)) is not None:
        return same
    return _page(response, view, caller, wanted.test(category), sort, limit, cursor)


@router.get(
    "/{category}", summary="List one category", responses={**problems(401, 403, 404, 422), 200: {"model": CatalogPage}}
)
def list_category(
    request: Request, response: Response, caller: CatalogReader, session: SessionDep, state: State, category: str,
    wanted: Wanted, catalog: CatalogName = None, sort: Sort = "name", limit: Limit = 50, cursor: str | None = None,
) -> Any:  # fmt: skip
    """List the items of one category, with filters, in pages; an unknown category is a 404."""
    view = catalog_view(state, session, catalog)
    if category not in view.categories:
        known = ", ".join(view.categories)
        raise not_found(f"'{category[:50]}' is no category; there are {known}", "unknown-category")
    if (same := unchanged(request, response, view, caller)) is not None:
        return same
    return _page(response, view, caller, wanted.test(category), sort, limit, cursor)


@router.get("/items/{item_id}", response_model=ItemAnswer, summary="Show an item", responses=problems(401, 403, 404))
def show_item(
    request: Request, response: Response, caller: CatalogReader, session: SessionDep, state: State, item_id: str,
    catalog: CatalogName = None,
) -> Any:  # fmt: skip
    """Show an item: its header, its presentation, its actions in outline, its revision and where that comes from."""
    view = catalog_view(state, session, catalog)
    served = item_of(view, item_id, caller)
    if (same := unchanged(request, response, view, caller)) is not None:
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
    view = catalog_view(state, session, catalog)
    served = item_of(view, item_id, caller)
    if (same := unchanged(request, response, view, caller)) is not None:
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


@router.post(
    "/items/{item_id}/preview",
    response_model=PreviewAnswer,
    summary="Preview a request",
    responses=problems(400, 401, 403, 404, 409, 413, 415, 422),
)
def preview_request(
    caller: Requester, session: SessionDep, state: State, item_id: str,
    order: Annotated[Draft[OrderBody], Depends(JsonDraft(OrderBody))], catalog: CatalogName = None,
) -> PreviewAnswer:  # fmt: skip
    """Show what a request with these values would do: each action with its config filled in. Calls and stores nothing.

    What is refused, and how, is the same as for a request. Secret values are `***`, and those of `env.*` are not even
    looked up; what only a running request can tell, such as the response of an action, is a placeholder that names it.
    """
    served = served_item(state, session, catalog, item_id, caller)
    checked = check_order(served, order)
    actions = preview(served.item, served.plan, checked.values, requester(caller), mode=checked.mode)
    return PreviewAnswer(
        id=item_id,
        version=served.header.version,
        revision=served.revision,
        mode=checked.mode,
        actions=actions,
    )


def _page(
    response: Response, view: CatalogView, caller: Principal, wanted: Callable[[ServedItem], bool], sort: Sort,
    limit: int, cursor: str | None,
) -> Response:  # fmt: skip
    """Made of what each item keeps ready: to build and check a model of 200 items would take most of the time."""
    key, backwards = cast("SortKey", sort.removeprefix("-")), sort.startswith("-")
    items = [item for item in view.ordered(key) if sees_item(caller, item.header.access) and wanted(item)]
    rest = items[::-1] if backwards else items
    if cursor is not None:
        after = tuple(decode_cursor(cursor, str, str))
        rest = [item for item in rest if (item.position(key) < after if backwards else item.position(key) > after)]
    page = rest[:limit]
    more = encode_cursor(*page[-1].position(key)) if len(rest) > limit else None
    content = as_page(page, total=len(items), next_cursor=more, commit=view.commit)
    return Response(content, media_type="application/json", headers=dict(response.headers))
