"""The client's operations on requests: ordering, following, and everything that can be done with one afterwards."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from typing import Any, Literal, TypedDict, Unpack
from urllib.parse import quote

from pydantic import JsonValue

from api_plugin.client_errors import ApiError
from api_plugin.client_transport import Transport, validated
from api_plugin.client_watching import WatchMessage, watch
from api_plugin.datamodels.request_logs import FollowedEntry, LogEntry, LogPage
from api_plugin.datamodels.requests import RequestAnswer, RequestPage, RequestSummary, StatusAnswer
from api_plugin.request_logs.entry import Level

PAGE = 200
"""Entries that are asked for at once, where all are wanted."""
BREAKS = 5
"""So often in a row, without an entry in between, a log that is followed may break."""

RequestId = uuid.UUID | str


class OrderOptions(TypedDict, total=False):
    """What an order may say beside its values."""

    mode: Literal["automatic", "manual"] | None
    revision: str | None
    """Refuse the order where the item is at another revision."""
    catalog: str | None
    comment: str | None


class LogFilters(TypedDict, total=False):
    """Which entries of a log are wanted."""

    action: str | None
    attempt: int | None
    level: Level | None
    """This grave, or graver."""


class RequestsClient:
    """What `ApiClient.requests` can do.

    Everything that makes something carries an idempotency key, so that a call that is made again, since its answer got
    lost, is answered the same, and nothing is made twice.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def submit(
        self,
        item_id: str,
        fields: Mapping[str, JsonValue],
        *,
        key: str | None = None,
        **options: Unpack[OrderOptions],
    ) -> RequestAnswer:
        """Order an item; `key` is the idempotency key, a new one by default."""
        body = {"item_id": item_id, "fields": dict(fields)} | _given(options)
        return self._request("POST", "/api/v1/requests", body, key=key or str(uuid.uuid4()))

    def get(self, request_id: RequestId) -> RequestAnswer:
        """The request."""
        return self._request("GET", _path(request_id))

    def status(self, request_id: RequestId) -> StatusAnswer:
        """How far it is; cheap to ask for."""
        return self._transport.model(StatusAnswer, "GET", _path(request_id, "/status"))

    def list(self, *, most: int | None = None, **filters: str | None) -> Iterator[RequestSummary]:
        """Requests, the newest first, page after page; `filters` are those of `GET /requests`."""
        cursor, left = None, most
        while left is None or left > 0:
            params = {**filters, "limit": min(PAGE, left or PAGE), "cursor": cursor}
            page = self._transport.model(RequestPage, "GET", "/api/v1/requests", params=params)
            yield from page.items[:left]
            cursor = page.next_cursor
            left = None if left is None else left - len(page.items)
            if cursor is None:
                return

    def outputs(self, request_id: RequestId, action: str) -> dict[str, Any]:
        """An action's outputs in clear, secret ones too; for the requester alone, and audited."""
        return self._transport.call("GET", _path(request_id, f"/outputs/{quote(action, safe='')}"))

    def watch(self, request_id: RequestId, *, since: int | None = None) -> Iterator[WatchMessage]:
        """What happens to the request, message by message, until its end; goes on where the connection breaks."""
        return watch(self._transport, request_id, since=since, ask=lambda: self.get(request_id))

    def logs(self, request_id: RequestId, **only: Unpack[LogFilters]) -> Iterator[LogEntry]:
        """The entries of the request's log, page after page."""
        cursor = None
        while True:
            params = {**only, "limit": PAGE, "cursor": cursor}
            page = self._transport.model(LogPage, "GET", _path(request_id, "/logs"), params=params)
            yield from page.entries
            cursor = page.next_cursor
            if cursor is None:
                return

    def follow_logs(self, request_id: RequestId, **only: Unpack[LogFilters]) -> Iterator[FollowedEntry]:
        """The entries as they come, until the request has ended; goes on where the connection breaks."""
        path = _path(request_id, "/logs")
        cursor, in_vain = None, 0
        while True:
            try:
                with self._transport.stream(path, params={**only, "follow": "true", "cursor": cursor}) as lines:
                    for line in filter(str.strip, lines):
                        entry = _entry(line)
                        cursor, in_vain = entry.cursor, 0
                        yield entry
            except ApiError as error:
                in_vain += 1
                if error.status is not None or in_vain > BREAKS:
                    raise
            else:
                return
            self._transport.sleep(in_vain)

    def retry(
        self, request_id: RequestId, *, fields: Mapping[str, JsonValue] | None = None, key: str | None = None
    ) -> RequestAnswer:
        """Go on at the failed action; after a rollback, or with `fields` (what changes), by a new request."""
        body = None if fields is None else {"fields": dict(fields)}
        return self._request("POST", _path(request_id, "/retry"), body, key=key or str(uuid.uuid4()))

    def rollback(self, request_id: RequestId, *, key: str | None = None) -> RequestAnswer:
        """Undo what it did."""
        return self._request("POST", _path(request_id, "/rollback"), key=key or str(uuid.uuid4()))

    def escalate(self, request_id: RequestId, *, key: str | None = None) -> RequestAnswer:
        """Hand a failed one to the item's manual fulfillment."""
        return self._request("POST", _path(request_id, "/escalate"), key=key or str(uuid.uuid4()))

    def cancel(self, request_id: RequestId, *, rollback: bool | None = None, key: str | None = None) -> RequestAnswer:
        """Stop what has not ended; what was done is undone as the item's `on_failure` says, or as `rollback` does."""
        params = {} if rollback is None else {"rollback": str(rollback).lower()}
        return self._request("DELETE", _path(request_id), params=params, key=key or str(uuid.uuid4()))

    def _request(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        params: Mapping[str, Any] | None = None,
        key: str | None = None,
    ) -> RequestAnswer:
        answer = self._transport.call(method, path, body, params=params, key=key)
        return validated(RequestAnswer, answer, f"{method} {path}")


def _path(request_id: RequestId, rest: str = "") -> str:
    return f"/api/v1/requests/{quote(str(request_id), safe='')}{rest}"


def _entry(line: str) -> FollowedEntry:
    try:
        return FollowedEntry.model_validate_json(line)
    except ValueError as error:
        raise ApiError(f"the log holds a line that is no entry: {line[:200]}", status=200) from error


def _given(values: OrderOptions) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
