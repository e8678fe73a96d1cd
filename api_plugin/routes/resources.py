"""`/resources`: what requests provisioned."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Annotated

from airflow.api_fastapi.common.db.common import SessionDep
from fastapi import APIRouter, Query
from sqlalchemy import select

from api_plugin.clock import utc_text
from api_plugin.cursors import decode_cursor, encode_cursor, not_a_cursor
from api_plugin.datamodels.base import StorableText
from api_plugin.datamodels.resources import ResourceAnswer, ResourcePage
from api_plugin.documentation import problems
from api_plugin.exceptions import not_found
from api_plugin.principals import RequestReader
from api_plugin.projection import bring_up_to_date
from api_plugin.resources.answers import resource_answer
from api_plugin.resources.finding import Filters, resources_query, sees_resources
from api_plugin.resources.recording import ResourceState
from api_plugin.store.resources import Resource

router = APIRouter(prefix="/resources", tags=["resources"])


@router.get("", response_model=ResourcePage, summary="List resources", responses=problems(401, 403, 422))
def list_resources(
    caller: RequestReader, session: SessionDep,
    type: Annotated[StorableText | None, Query(description="The item's word for it.")] = None,  # noqa: A002
    owner: Annotated[StorableText | None, Query(description="The team that owns the item.")] = None,
    user: Annotated[StorableText | None, Query(description="The requester's email.")] = None,
    item_id: StorableText | None = None, request_id: uuid.UUID | None = None, state: ResourceState | None = None,
    q: Annotated[StorableText | None, Query(max_length=200, description="In type, identifier or name.")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50, cursor: str | None = None,
) -> ResourcePage:  # fmt: skip
    """List what requests provisioned, the newest first: of one's own requests, of items of one's team, or of all.

    Recorded once a request has ended; a rollback releases what it undid.
    """
    if request_id is not None:
        bring_up_to_date(session, [request_id], wait=False)
    wanted = Filters(
        type=type, owner=owner, user=user, item_id=item_id, request_id=request_id, state=state, text=q
    )  # fmt: skip
    after = _position(cursor) if cursor is not None else None
    rows = session.scalars(resources_query(caller, wanted, after=after, limit=limit + 1)).all()
    last = rows[limit - 1] if len(rows) > limit else None
    return ResourcePage(
        items=[resource_answer(row) for row in rows[:limit]],
        next_cursor=encode_cursor(utc_text(last.created_at), str(last.id)) if last else None,
    )


@router.get(
    "/{resource_id}", response_model=ResourceAnswer, summary="Show a resource", responses=problems(401, 403, 404)
)
def show_resource(caller: RequestReader, session: SessionDep, resource_id: str) -> ResourceAnswer:
    """Show something that a request provisioned: what it is, whose, and whether it is still there."""
    row = None
    try:
        wanted = uuid.UUID(resource_id)
    except ValueError:
        pass
    else:
        row = session.scalar(select(Resource).where(Resource.id == wanted, sees_resources(caller)))
    if row is None:
        raise not_found(f"there is no resource '{resource_id[:40]}' that you may see", "unknown-resource")
    bring_up_to_date(session, [row.request_id], wait=False)
    return resource_answer(row)


def _position(cursor: str) -> tuple[dt.datetime, uuid.UUID]:
    """Where the page before ended: when its last resource was made, and its id."""
    at, last = decode_cursor(cursor, str, str)
    try:
        return dt.datetime.fromisoformat(at).astimezone(dt.UTC), uuid.UUID(last)
    except (ValueError, OverflowError):
        raise not_a_cursor() from None
