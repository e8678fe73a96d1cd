"""A user of the API in tests: signs in, orders, waits, watches."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.live.waiting import LONG, wait_for

Answer = dict[str, Any]
ENDED = {"completed", "failed", "cancelled", "rolled_back", "rollback_failed"}


@dataclass(frozen=True, kw_only=True)
class Watched:
    """What a WebSocket said from its start to its end."""

    messages: tuple[Answer, ...]
    code: int
    protocol: str | None

    @property
    def statuses(self) -> list[str]:
        """The request's statuses in the order in which they were told."""
        return [message["status"] for message in self.messages if message["type"] == "status"]

    @property
    def seqs(self) -> list[int]:
        """The numbers of the messages that tell of a change."""
        return [message["seq"] for message in self.messages if message["type"] in {"status", "action"}]


@dataclass(frozen=True, kw_only=True)
class Portal:
    """One signed-in user."""

    base_url: str
    token: str | None
    http: httpx.Client
    seen: list[str] = field(default_factory=list)
    """The text of every answer, and of every message."""

    @classmethod
    @contextmanager
    def signed_in(cls, base_url: str, token: str | None) -> Iterator[Portal]:
        """A user with a token, or nobody in particular without one."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        seen: list[str] = []
        hooks = {"response": [lambda response: seen.append(response.read().decode())]}
        with httpx.Client(base_url=base_url, headers=headers, timeout=90, trust_env=False, event_hooks=hooks) as http:
            yield cls(base_url=base_url, token=token, http=http, seen=seen)

    def at(self, base_url: str) -> AbstractContextManager[Portal]:
        """The same user at another API server."""
        return Portal.signed_in(base_url, self.token)

    def get(self, path: str, **query: Any) -> Answer:
        """What an operation of `/api/v1` answers, which must be well."""
        answer = self.http.get(f"/api/v1{path}", params=query)
        assert answer.is_success, answer.text
        return answer.json()

    def post_request(self, body: Any, **more: Any) -> httpx.Response:
        """Submit a body as it is."""
        return self.http.post("/api/v1/requests", json=body, **more)

    def submit(self, item_id: str, name: str, fields: Answer | None = None, **more: Any) -> str:
        """Order an item under a name; the request's id."""
        answer = self.post_request({"item_id": item_id, "fields": {"name": name, **(fields or {})}, **more})
        assert answer.status_code == 202, answer.text
        return answer.json()["id"]

    def cancel(self, request_id: str, **query: Any) -> Answer:
        """Cancel a request, which must be accepted."""
        answer = self.http.delete(f"/api/v1/requests/{request_id}", params=query)
        assert answer.status_code == 202, answer.text
        return answer.json()

    def request(self, request_id: str) -> Answer:
        """A request."""
        return self.get(f"/requests/{request_id}")

    def ended(self, request_id: str, within: float = LONG) -> Answer:
        """A request, once it has ended."""

        def over() -> bool:
            return self.get(f"/requests/{request_id}/status")["status"] in ENDED

        wait_for(over, f"request {request_id} ends", within)
        return self.request(request_id)

    def action(self, request_id: str, name: str) -> Answer:
        """An action of a request."""
        return next(action for action in self.request(request_id)["actions"] if action["name"] == name)

    @contextmanager
    def socket(
        self, request_id: str, *, query: str = "", protocols: Sequence[str] = (), signed: bool = True
    ) -> Iterator[ClientConnection]:
        """A WebSocket that follows a request."""
        url = f"{self.base_url.replace('http', 'ws', 1)}/ws/requests/{request_id}/status{query}"
        headers = {"Authorization": f"Bearer {self.token}"} if signed and self.token else {}
        with connect(url, additional_headers=headers, subprotocols=protocols or None, proxy=None) as socket:
            yield socket

    @contextmanager
    def catalog_socket(self, query: str = "") -> Iterator[ClientConnection]:
        """A WebSocket that follows a catalog."""
        url = f"{self.base_url.replace('http', 'ws', 1)}/ws/catalog/changes{query}"
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        with connect(url, additional_headers=headers, proxy=None) as socket:
            yield socket

    def watch(self, request_id: str, **options: Any) -> Watched:
        """Follow a request until the server closes."""
        messages = []
        with self.socket(request_id, **options) as socket:
            try:
                while True:
                    text = socket.recv(timeout=90)
                    self.seen.append(str(text))
                    message = json.loads(text)
                    # A ping says only that the line is open, every 20 s in which nothing happens.
                    if message["type"] != "ping":
                        messages.append(message)
            except ConnectionClosed as closed:
                code = closed.rcvd.code if closed.rcvd else 1006
            return Watched(messages=tuple(messages), code=code, protocol=socket.subprotocol)
