"""The query of a page of requests: what the caller sees, narrowed down, in order, from where the last page ended.

A caller sees requests for several reasons, and may ask for several statuses. One condition for all of them would have
PostgreSQL read and sort everything that fits; so each reason and each status is a search of its own along an index,
which ends after a page, and of what these find the first page is taken.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, product
from typing import Any, Literal

from sqlalchemy import ColumnElement, Row, Select, Text, cast, false, func, literal, select, text, tuple_, union
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.orm import Session, defer

from api_plugin.principals import Principal
from api_plugin.search_words import id_range, search_query
from api_plugin.sla import overdue_requests
from api_plugin.status_views import RequestStatus
from api_plugin.store.requests import Request, RequestWords
from api_plugin.visibility import sees_every_request

_Conditions = tuple[ColumnElement[bool], ...]
Sort = Literal["-created_at", "created_at", "-updated_at", "updated_at"]
SEARCHES = 32
"""So many searches a list is made of, before statuses are asked for together: planning each takes time as well."""

# What a page leads to is in memory mostly: PostgreSQL's own figure is of disks, and lets it read on where it could look
# up. And a page is too small a thing for several processes.
_COSTS = text(
    "SELECT set_config('random_page_cost', '1.1', true), set_config('max_parallel_workers_per_gather', '0', true)"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Narrowing:
    """What a list is narrowed down by; all of it counts together."""

    statuses: Sequence[RequestStatus] = ()
    """Any of them."""
    item_id: str | None = None
    user: str | None = None
    """The requester's email."""
    owner: str | None = None
    created_after: dt.datetime | None = None
    created_before: dt.datetime | None = None
    overdue: bool | None = None
    """Whether it is, or was when it ended, later than promised."""
    search: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Position:
    """Where a page ended: its last request's time, of the kind that the list is sorted by, and its id."""

    at: dt.datetime
    request_id: uuid.UUID


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """Which part of a list is wanted, in which order: so many requests after a position."""

    sort: Sort = "-created_at"
    after: Position | None = None
    limit: int


def page_query(caller: Principal, narrowing: Narrowing, part: Part) -> Select[tuple[uuid.UUID, dt.datetime]]:
    """The ids of the requests that are wanted, each with the time that they are sorted by (`at`)."""
    order = _Order(part)
    conditions = (*_conditions(narrowing), *order.further())
    seen = list(_seen(caller))
    some = select(Request.id.label("id"), order.at.label("at"))
    apart = len(seen) * len(narrowing.statuses) <= SEARCHES
    arms = [
        order.page(some.where(*chain(*reasons), *conditions))
        for reasons in product(seen, _of_status(narrowing, apart=apart), _searched(narrowing))
    ]
    if len(arms) == 1:
        return arms[0]  # type: ignore[no-any-return]
    found = union(*(arm.subquery().select() for arm in arms)).subquery("found")
    return order.page(select(found.c.id, found.c.at), found.c.at, found.c.id)  # type: ignore[no-any-return]


def read_page(
    session: Session, caller: Principal, narrowing: Narrowing, part: Part
) -> Sequence[Row[tuple[uuid.UUID, dt.datetime]]]:
    """Run the query of a page."""
    session.execute(_COSTS)
    return session.execute(page_query(caller, narrowing, part)).all()


class _Order:
    """How a list is sorted, and which part of it is wanted."""

    def __init__(self, part: Part) -> None:
        """With a minus before the column, the newest come first."""
        self.at = Request.updated_at if part.sort.endswith("updated_at") else Request.created_at
        self._newest_first = part.sort.startswith("-")
        self._after, self._limit = part.after, part.limit

    def page(self, query: Any, *columns: ColumnElement[Any]) -> Any:
        """The part of a query that is wanted; `columns` are its time and its id, where they are not a request's."""
        by = columns or (self.at, Request.id)
        ways = [column.desc() if self._newest_first else column.asc() for column in by]
        return query.order_by(*ways).limit(self._limit)

    def further(self) -> Iterator[ColumnElement[bool]]:
        """What comes after the position."""
        if self._after is not None:
            here, last = tuple_(self.at, Request.id), (self._after.at, self._after.request_id)
            yield here < last if self._newest_first else here > last


def _seen(caller: Principal) -> Iterator[_Conditions]:
    """Why the caller sees a request."""
    if sees_every_request(caller):
        yield ()
    else:
        yield (Request.user_id == caller.id,)
        for team in caller.teams:
            yield (Request.owner == team,)


def _of_status(narrowing: Narrowing, *, apart: bool) -> Iterator[_Conditions]:
    if not narrowing.statuses:
        yield ()
    elif apart:
        yield from ((Request.status == status,) for status in narrowing.statuses)
    else:
        yield (Request.status.in_(narrowing.statuses),)


def _searched(narrowing: Narrowing) -> Iterator[_Conditions]:
    """By words, or by the beginning of the id."""
    if narrowing.search is None:
        yield ()
        return
    ids = id_range(narrowing.search)
    if ids is not None:
        yield (Request.id.between(*ids),)
    words = search_query(narrowing.search)
    if words is not None:
        looked_for = RequestWords.words.op("@@", is_comparison=True)(cast(literal(words, Text), TSQUERY))
        yield (RequestWords.request_id == Request.id, looked_for)
    elif ids is None:
        yield (false(),)


def _conditions(narrowing: Narrowing) -> Iterator[ColumnElement[bool]]:
    if narrowing.item_id is not None:
        yield Request.item_id == narrowing.item_id
    if narrowing.user is not None:
        yield Request.email == narrowing.user.lower()
    if narrowing.owner is not None:
        yield Request.owner == narrowing.owner
    if narrowing.created_after is not None:
        yield Request.created_at > narrowing.created_after
    if narrowing.created_before is not None:
        yield Request.created_at < narrowing.created_before
    if narrowing.overdue is not None:
        late = overdue_requests()
        yield late if narrowing.overdue else ~func.coalesce(late, False)


def stored(session: Session, ids: Sequence[uuid.UUID]) -> list[Request]:
    """The requests of these ids as they are stored, in their order; without their values, which no list shows."""
    found = session.scalars(select(Request).where(Request.id.in_(ids)).options(defer(Request.fields)))
    by_id = {request.id: request for request in found}
    return [by_id[request_id] for request_id in ids if request_id in by_id]
