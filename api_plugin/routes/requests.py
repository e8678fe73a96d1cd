"""`/requests`: ordering, and what became of it."""

from __future__ import annotations

import datetime as dt
import time
import uuid
from typing import Annotated, Any

from airflow.api_fastapi.common.db.common import SessionDep
from airflow.utils.session import create_session
from anyio import to_thread
from fastapi import APIRouter, Depends, Query, Response
from fastapi import Request as HttpRequest
from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from api_plugin.bodies import Draft, JsonDraft
from api_plugin.catalog_answers import served_item
from api_plugin.clock import utc_text
from api_plugin.cursors import decode_cursor, encode_cursor, not_a_cursor
from api_plugin.datamodels.base import StorableText
from api_plugin.datamodels.requests import RequestAnswer, RequestBody, RequestPage, StatusAnswer
from api_plugin.documentation import problems
from api_plugin.exceptions import not_found
from api_plugin.idempotency import Idempotent, IdempotentCall, Reply, once
from api_plugin.principals import Principal, Requester, RequestReader
from api_plugin.projection import bring_up_to_date, rollback_of
from api_plugin.request_answers import answer, status_answer, summary
from api_plugin.request_search import Narrowing, Part, Position, Sort, read_page, stored
from api_plugin.runs import OtherRevisionError
from api_plugin.state import ApiState, State
from api_plugin.status_views import RequestStatus
from api_plugin.stirring import stirring
from api_plugin.store.requests import Request, RequestEvent
from api_plugin.submitting import between_revisions, submit
from api_plugin.visibility import sees_requests

router = APIRouter(prefix="/requests", tags=["requests"])

PAUSES = (0.0, 0.1, 0.3)
"""Seconds before each further look at a catalog that another process is writing at that moment."""

Order = Annotated[Draft[RequestBody], Depends(JsonDraft(RequestBody))]


@router.post(
    "", status_code=202, response_model=RequestAnswer, summary="Order an item",
    responses=problems(400, 401, 403, 404, 409, 413, 415, 422, 503),
)  # fmt: skip
async def create_request(caller: Requester, order: Order, state: State, call: Idempotent) -> Response:
    """Check the values and start the fulfillment. Where anything is wrong, every error is told, and nothing starts."""
    # In one go on one thread, first come, first served: a session that FastAPI opens and closes would take three.
    reply = await to_thread.run_sync(_take, state, order, caller, call, limiter=state.submitting)
    return reply.response()


def _take(state: ApiState, order: Draft[RequestBody], caller: Principal, call: IdempotentCall) -> Reply:
    """Accept the order; where the item's DAG is ahead of what is served here, look at the catalog again first."""
    for pause in PAUSES:
        try:
            return _accept(state, order, caller, call)
        except OtherRevisionError:
            time.sleep(pause)
            with create_session(scoped=False) as session:
                state.catalogs.refresh(session)
    try:
        return _accept(state, order, caller, call)
    except OtherRevisionError:
        with create_session(scoped=False) as session:
            raise between_revisions(session, order.body) from None


def _accept(state: ApiState, order: Draft[RequestBody], caller: Principal, call: IdempotentCall) -> Reply:
    with create_session(scoped=False) as session:

        def make() -> Reply:
            served = served_item(state, session, order.body.catalog, order.body.item_id, caller)
            accepted = submit(session, state.dags, served, order, caller)
            said = answer(accepted.request, accepted.events, None)
            return Reply.of(said, location=said.links.self)

        reply = once(session, caller, call, make)
        session.commit()
    return reply


@router.get("", response_model=RequestPage, summary="List requests", responses=problems(401, 403, 422))
def list_requests(
    caller: RequestReader, session: SessionDep,
    status: Annotated[list[RequestStatus] | None, Query(description="May be given several times: any of them.")] = None,
    item_id: StorableText | None = None,
    user: Annotated[StorableText | None, Query(description="The requester's email.")] = None,
    owner: Annotated[StorableText | None, Query(description="The team that owns the item.")] = None,
    created_after: dt.datetime | None = None, created_before: dt.datetime | None = None,
    overdue: Annotated[bool | None, Query(description="Whether it is, or ended, later than promised.")] = None,
    q: Annotated[StorableText | None, Query(
        max_length=200,
        description="Words, or their beginnings, that all stand in the request: in its item's id or name, its "
        "requester, its comment or its values, but for secret ones. Or the beginning of its id.",
    )] = None,
    sort: Annotated[Sort, Query(description="With a minus: the newest first.")] = "-created_at",
    limit: Annotated[int, Query(ge=1, le=200)] = 50, cursor: str | None = None,
) -> RequestPage:  # fmt: skip
    """List requests, the newest first: one's own, those of items that one's team owns, and all for an operator."""
    narrowing = Narrowing(
        statuses=tuple(dict.fromkeys(status or ())), item_id=item_id, user=user, owner=owner,
        created_after=_in_utc(created_after), created_before=_in_utc(created_before), search=q,
        overdue=overdue,
    )  # fmt: skip
    after = _position(cursor, sort) if cursor is not None else None
    rows = read_page(session, caller, narrowing, Part(sort=sort, after=after, limit=limit + 1))
    ids = [row.id for row in rows[:limit]]
    bring_up_to_date(session, stirring(session, ids), wait=False)
    last_row = rows[limit - 1] if len(rows) > limit else None
    return RequestPage(
        items=[summary(request) for request in stored(session, ids)],
        next_cursor=encode_cursor(sort, utc_text(last_row.at), str(last_row.id)) if last_row else None,
    )


@router.get("/{request_id}", response_model=RequestAnswer, summary="Show a request", responses=problems(401, 403, 404))
def show_request(caller: RequestReader, session: SessionDep, state: State, request_id: str) -> RequestAnswer:
    """Show a request with its timeline, its actions, their outputs, its rollback, and its place while it is queued."""
    request = visible_request(session, caller, request_id)
    rollback = rollback_of(session, [request]).get(request.id)
    return answer(request, events_of(session, request), rollback, state.standings.of(session, request))


@router.get(
    "/{request_id}/status", response_model=StatusAnswer, summary="Show a request's status",
    responses=problems(401, 403, 404),
)  # fmt: skip
def show_status(
    http: HttpRequest, response: Response, caller: RequestReader, session: SessionDep, state: State, request_id: str
) -> Any:
    """Show the status alone: cheap to ask for often, with an `ETag`."""
    request = visible_request(session, caller, request_id)
    queue = state.standings.of(session, request)
    # Not every change is an event: an error may be told in other words. Each moves `updated_at`.
    parts = [request.event_seq, request.updated_at.timestamp(), *((queue.position, queue.length) if queue else ())]
    etag = f'"{"-".join(map(str, parts))}"'
    if http.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers={"ETag": etag})
    response.headers["ETag"] = etag
    return status_answer(request, queue)


def _position(cursor: str, sort: Sort) -> Position:
    """Where the page before ended, in a list that was sorted alike."""
    sorted_by, at, last = decode_cursor(cursor, str, str, str)
    try:
        position = Position(at=dt.datetime.fromisoformat(at).astimezone(dt.UTC), request_id=uuid.UUID(last))
    except (ValueError, OverflowError):
        raise not_a_cursor() from None
    if sorted_by != sort:
        raise not_a_cursor()
    return position


def _in_utc(time: dt.datetime | None) -> dt.datetime | None:
    """A time without a zone is meant in UTC, as all times of the API are."""
    return time.replace(tzinfo=dt.UTC) if time is not None and time.tzinfo is None else time


def visible_request(session: Session, caller: Principal, request_id: str) -> Request:
    """The request, up to date; a 404 problem where there is none that the caller may see."""
    # Its id alone: what is read before the row is locked may be old by then.
    found = bring_up_to_date(session, [_visible(session, Request.id, caller, request_id)])
    if not found:
        # Retention took it in between.
        raise _no_request(request_id)
    return found[0]


def stored_request(session: Session, caller: Principal, request_id: str) -> Request:
    """The request as it was seen last, likewise."""
    found: Request = _visible(session, Request, caller, request_id)
    return found


def _visible(session: Session, what: Any, caller: Principal, request_id: str) -> Any:
    try:
        wanted = uuid.UUID(request_id)
    except ValueError:
        raise _no_request(request_id) from None
    found = session.scalar(select(what).where(Request.id == wanted, sees_requests(caller)))
    if found is None:
        raise _no_request(request_id, hidden=bool(session.scalar(select(exists().where(Request.id == wanted)))))
    return found


def _no_request(request_id: str, *, hidden: bool = False) -> Exception:
    """The same to the caller, whether there is one: that they reached for somebody else's is put on record."""
    detail = f"there is no request '{request_id[:40]}' that you may see"
    return not_found(detail, "unknown-request", refusal=hidden)


def events_of(session: Session, request: Request) -> list[RequestEvent]:
    """The events of which its timeline is made."""
    return list(
        session.scalars(
            select(RequestEvent).where(RequestEvent.request_id == request.id, RequestEvent.type == "status")
            .order_by(RequestEvent.seq)
        )
    )  # fmt: skip
