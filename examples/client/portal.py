"""The calls that a client makes: REST for everything that is asked, the WebSocket for what happens."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import httpx
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.sync.client import connect

from examples.client.exceptions import ClientError

Answer = dict[str, Any]

TIMEOUT = 30.0
"""Seconds for one call."""
SILENCE = 60.0
"""Seconds without a message; the server sends a ping every 20."""
STANDSTILL = 180.0
"""Seconds in which nothing happens to a request that should be going on."""
RECONNECTS = 60
"""One a second: an API server that is started again needs up to a minute."""
REFUSALS = {4401: "not signed in", 4403: "not allowed", 4404: "no such request", 4429: "too many connections"}
"""Close codes after which trying again is of no use."""


class Portal:
    """One signed-in user of one deployment."""

    def __init__(self, http: httpx.Client, token: str, pause: Callable[[float], None] = time.sleep) -> None:
        """`http` is bound to the deployment's base URL; `pause` waits so many seconds."""
        self._http = http
        self._pause = pause
        self._headers = {"Authorization": f"Bearer {token}"}

    @classmethod
    @contextmanager
    def signed_in(cls, base_url: str, username: str, password: str) -> Iterator[Portal]:
        """Sign in as a user of Airflow; raises `ClientError`."""
        # The play is for a stack on this machine, which no proxy leads to.
        with httpx.Client(base_url=base_url, timeout=TIMEOUT, trust_env=False) as http:
            user = {"username": username, "password": password}
            answer = _answered(http, "POST", "/auth/token", json=user)
            yield cls(http, answer["access_token"])

    def catalog(self) -> list[Answer]:
        """The items that this user may order."""
        items: list[Answer] = self._get("/api/v1/catalog", limit=200)["items"]
        return items

    def item(self, item_id: str) -> Answer:
        """An item with its form and an outline of its actions."""
        return self._get(f"/api/v1/catalog/items/{quote(item_id, safe='')}")

    def submit(self, item_id: str, fields: Mapping[str, Any]) -> Answer:
        """Order an item; the request as it was accepted."""
        body = {"item_id": item_id, "fields": dict(fields)}
        return _answered(self._http, "POST", "/api/v1/requests", json=body, headers=self._headers)

    def request(self, request_id: str) -> Answer:
        """A request as it is now."""
        return self._get(f"/api/v1/requests/{request_id}")

    def watch(self, request: Answer) -> Iterator[Answer]:
        """What happens to a request, until nothing more does. A broken connection goes on after the last message."""
        seen: int | None = None
        for _ in range(1 + RECONNECTS):
            url = request["links"]["events"] + (f"?since={seen}" if seen is not None else "")
            try:
                for message in self._messages(url, request):
                    seen = message["seq"]
                    yield message
                    if message["type"] == "end":
                        return
            except (ConnectionClosed, InvalidHandshake, OSError):
                self._pause(1)
        raise ClientError(
            f"{request['links']['events']} can't be reached any more; is the stack running? Then {_look_at(request)}"
        )

    def _messages(self, url: str, request: Answer) -> Iterator[Answer]:
        news = time.monotonic()
        with connect(url, additional_headers=self._headers, proxy=None) as socket:
            while True:
                try:
                    message = json.loads(socket.recv(timeout=SILENCE))
                except TimeoutError:
                    raise ClientError(f"the API went silent; {_look_at(request)}") from None
                except ConnectionClosed as closed:
                    if closed.rcvd and closed.rcvd.code in REFUSALS:
                        why = REFUSALS[closed.rcvd.code]
                        raise ClientError(f"the API closed the WebSocket ({why}); {_look_at(request)}") from closed
                    raise
                if message["type"] != "ping":
                    news = time.monotonic()
                    yield message
                elif time.monotonic() - news > STANDSTILL:
                    raise ClientError(f"nothing happened for {STANDSTILL:.0f} s; {_look_at(request)}")

    def _get(self, path: str, **query: Any) -> Answer:
        return _answered(self._http, "GET", path, params=query, headers=self._headers)


def _answered(http: httpx.Client, method: str, path: str, **options: Any) -> Answer:
    """The JSON object that a call is answered with; everything else is an error."""
    try:
        response = http.request(method, path, **options)
    except httpx.HTTPError as error:
        raise ClientError(
            f"{method} {http.base_url.join(path)} failed ({error or type(error).__name__}); is the stack running?"
        ) from error
    try:
        answer = response.json()
    except ValueError:
        answer = None
    if response.is_error or not isinstance(answer, dict):
        raise ClientError(f"{method} {path} was answered {response.status_code}: {_words(response, answer)}")
    return answer


def _words(response: httpx.Response, problem: Any) -> str:
    """The API's own words: of a problem document its detail, and each error with its place."""
    if not isinstance(problem, dict):
        return response.text[:300] or response.reason_phrase
    errors = [f"{error.get('pointer')}: {error.get('message')}" for error in problem.get("errors") or ()]
    return "; ".join([str(problem.get("detail") or problem.get("title") or response.reason_phrase), *errors])


def _look_at(request: Answer) -> str:
    return f"look at request {request['id']} in Airflow: {request['airflow_url']}"
