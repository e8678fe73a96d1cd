"""`/requests/{id}/logs`: what happened to a request and what its actions wrote, as one log."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi import Request as HttpRequest
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from api_plugin.answer_examples.request_logs import LINE
from api_plugin.datamodels.base import StorableText
from api_plugin.datamodels.request_logs import FollowedEntry, LogEntry, LogPage
from api_plugin.documentation import problems
from api_plugin.permissions import Permission
from api_plugin.principals import RequestReader
from api_plugin.request_logs.accepting import wants_text
from api_plugin.request_logs.entry import Level
from api_plugin.request_logs.following import LogReader, Told
from api_plugin.request_logs.paging import cursor_places, places_cursor
from api_plugin.request_logs.readers import Wanted
from api_plugin.request_logs.text import entry_text
from api_plugin.seats import NoSeatError, Seat, too_many
from api_plugin.state import State

router = APIRouter(prefix="/requests", tags=["requests"])

JSON_LINES = "application/x-ndjson"
TEXT = "text/plain"
OTHER_FORMS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "A page; with `follow`, JSON lines that come as they happen; as text, one line an entry.",
        "content": {
            JSON_LINES: {"schema": FollowedEntry.model_json_schema(), "example": LINE},
            TEXT: {
                "schema": {"type": "string"},
                "example": "2026-03-01 09:00:01.402Z  INFO     database #1: attempt 1 started\n",
            },
        },
    }
}


@router.get(
    "/{request_id}/logs", response_model=LogPage, summary="Read a request's log",
    responses=OTHER_FORMS | problems(401, 403, 404, 422, 429, 503),
)  # fmt: skip
async def show_logs(
    http: HttpRequest, caller: RequestReader, state: State, request_id: str,
    action: Annotated[StorableText | None, Query(description="Of this action alone.")] = None,
    attempt: Annotated[int | None, Query(ge=1, description="Of this attempt of its action alone.")] = None,
    level: Annotated[Level, Query(description="This grave, or graver.")] = "info",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(description="`next_cursor`, `resume_cursor`, or a line's `cursor`.")] = None,
    follow: Annotated[bool, Query(description="Go on until the request ends, as JSON lines.")] = False,  # noqa: FBT002 - of the query
) -> Any:  # fmt: skip
    """Read what the request's actions wrote and what became of them, in order of time, with secrets masked.

    With `follow=true` the answer goes on until the request ends: each entry is a line, and an empty line every 15
    seconds says that the connection is alive. With `Accept: text/plain` the whole log comes as text, and goes on with
    `follow=true`. What Airflow itself wrote, and tracebacks, are for operators; much of that has the level `debug`.
    """
    places = cursor_places(cursor)
    wanted = Wanted(
        operator=caller.may(Permission.OPERATIONS_READ), action=action, attempt=attempt, level=level
    )  # fmt: skip
    reader = LogReader(caller=caller, request_id=request_id, wanted=wanted, threads=state.logs.threads)
    text = wants_text(http.headers.get("accept", ""))
    if not text and not follow:
        log = await reader.open()
        page = await reader.page(log, places, limit)
        here = places_cursor(page.places)
        return LogPage(
            entries=[LogEntry.model_validate(asdict(entry)) for entry in page.entries],
            next_cursor=here if page.more else None,
            resume_cursor=here,
        )
    try:
        seat = state.logs.seats.take(caller.id)
    except NoSeatError as full:
        raise too_many(full, "logs") from None
    try:
        log = await reader.open()
    except BaseException:
        seat.leave()
        raise
    told = reader.follow(log, places, http.app.state.tower) if follow else reader.rest(log, places)
    return _Stream(_lines(told, text=text), seat, TEXT if text else JSON_LINES)


async def _lines(told: AsyncIterator[Told | None] | AsyncIterator[Told], *, text: bool) -> AsyncIterator[str]:
    async for each in told:
        if each is None:
            yield "\n"
        elif text:
            yield entry_text(each.entry)
        else:
            line = FollowedEntry(**asdict(each.entry), cursor=places_cursor(each.places))
            yield line.model_dump_json() + "\n"


class _Stream(StreamingResponse):
    """An answer that goes on, for which its caller has a seat."""

    def __init__(self, lines: AsyncIterator[str], seat: Seat, media_type: str) -> None:
        # What a middleware compresses, it holds back until there is enough of it; and so does a proxy's buffer.
        headers = {"Content-Encoding": "identity", "X-Accel-Buffering": "no", "Cache-Control": "no-store"}
        super().__init__(lines, media_type=media_type, headers=headers)
        self._seat = seat

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._seat.leave()
