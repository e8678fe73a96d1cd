"""What the target does: one function a resource, and the rules that make it refuse."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Callable
from typing import Any

from examples.target.faults import Faults
from examples.target.messages import Answer, RefusedError, Request
from examples.target.store import NameTakenError, Store

QUOTA_GB = 1000
"""The largest size of one resource."""
RESERVED_PREFIX = "forbidden-"
"""DNS names that nobody may register."""
KINDS = {"databases": "db", "queues": "queue", "apps": "app"}
"""What can be made by `POST /v1/<kind>`, and how its ids begin."""

Handler = Callable[[Request], Answer]


class Service:
    """Answers requests; knows nothing of sockets."""

    def __init__(self, store: Store, token: str) -> None:
        self._store = store
        self._token = token
        self.faults = Faults()

    def answer(self, request: Request) -> Answer:
        """Do what is asked, once for each idempotency key, or say why not."""
        try:
            self._check_token(request)
            return self._once(request)
        except RefusedError as refusal:
            return refusal.answer

    def _check_token(self, request: Request) -> None:
        if request.segments in {("health",), ("notifications",)}:
            return
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(given.encode(), self._token.encode()):
            raise RefusedError(401, "the bearer token is missing or wrong")

    def _once(self, request: Request) -> Answer:
        key = request.headers.get("idempotency-key")
        with self._store.transaction():
            if not key:
                return self._route(request)
            operation, digest = f"{request.method} {request.path}", hashlib.sha256(request.body).hexdigest()
            kept = self._store.kept_answer(key, operation)
            if kept is None:
                answer = self._route(request)
                self._store.keep_answer(key, operation, digest, answer.status, answer.body)
                return answer
            if kept[0] != digest:
                raise RefusedError(422, "this Idempotency-Key was used with another body")
            return Answer(status=kept[1], body=kept[2], headers={"Idempotency-Replayed": "true"})

    def _route(self, request: Request) -> Answer:  # noqa: PLR0911  # one line a route
        match (request.method, *request.segments):
            case ("GET", "health"):
                return Answer(status=200, body={"status": "ok"})
            case ("GET", "effects"):
                return Answer(status=200, body={"effects": self._store.effects()})
            case ("DELETE", "effects"):
                self._store.clear()
                return Answer(status=204)
            case ("POST", "faults"):
                self.faults.add(_object(request))
                return Answer(status=201, body={"status": "waiting"})
            case ("DELETE", "faults"):
                self.faults.clear()
                return Answer(status=204)
            case ("POST", "notifications"):
                self._store.record("received", "notification", "", _object(request))
                return Answer(status=202, body={"status": "accepted"})
            case (method, "v1", *rest):
                return self._platform(method, tuple(rest), request)
        raise _not_found(request)

    def _platform(self, method: str, rest: tuple[str, ...], request: Request) -> Answer:  # noqa: PLR0911
        match (method, *rest):
            case ("POST", "tickets"):
                return self._add_ticket(_object(request))
            case ("GET", kind) if kind in KINDS:
                return Answer(status=200, body={kind: self._store.all(kind)})
            case ("POST", kind) if kind in KINDS:
                return self._add(kind, _object(request))
            case ("GET", kind, resource_id) if kind in KINDS or kind == "dns":
                return self._found(kind, resource_id)
            case ("DELETE", kind, resource_id) if kind in KINDS or kind == "dns":
                return self._remove(kind, resource_id)
            case ("POST", "databases", database_id, "users"):
                return self._add_user(database_id, _object(request))
            case ("DELETE", "databases", database_id, "users", user_id):
                return self._remove_user(database_id, user_id)
            case ("PUT", "dns", name):
                return self._put_dns(name, _object(request))
        raise _not_found(request)

    def _add(self, kind: str, body: dict[str, Any]) -> Answer:
        name, size = _text(body, "name"), body.get("size", 1)
        if not isinstance(size, int) or isinstance(size, bool) or size < 1:
            raise RefusedError(422, "size must be a whole number of GB, at least 1")
        if size > QUOTA_GB:
            raise RefusedError(422, f"size {size} GB exceeds the quota of {QUOTA_GB} GB")
        resource_id = f"{KINDS[kind]}-{secrets.token_hex(4)}"
        host = f"{name}.{kind}.example.com"
        made = {**body, "id": resource_id, "status": "available", "host": host}
        if kind == "databases":
            made["connection"] = {"host": host, "port": 5432, "url": f"postgresql://{host}:5432/{name}"}
        return self._insert(kind, resource_id, name, made)

    def _add_user(self, database_id: str, body: dict[str, Any]) -> Answer:
        self._found("databases", database_id)
        username = _text(body, "username")
        _text(body, "password")
        user_id = f"user-{secrets.token_hex(4)}"
        # The password is never kept: a real platform would keep a hash.
        made = {"id": user_id, "username": username, "role": body.get("role", "owner"), "database_id": database_id}
        return self._insert("users", user_id, username, made, parent=database_id)

    def _remove_user(self, database_id: str, user_id: str) -> Answer:
        if not self._store.remove("users", user_id, parent=database_id):
            raise RefusedError(404, f"there is no user {user_id} in {database_id}")
        return Answer(status=204)

    def _put_dns(self, name: str, body: dict[str, Any]) -> Answer:
        target = _text(body, "target")
        if name.startswith(RESERVED_PREFIX):
            raise RefusedError(422, f"the name {name!r} is reserved; names that start with {RESERVED_PREFIX!r} are")
        known = self._store.get("dns", name)
        if known is None:
            record = {"name": name, "target": target, "fqdn": f"{name}.example.com"}
            return self._insert("dns", name, name, record)
        if known["target"] != target:
            raise RefusedError(409, f"the name {name!r} points to {known['target']!r} already")
        return Answer(status=200, body=known)

    def _add_ticket(self, body: dict[str, Any]) -> Answer:
        _text(body, "summary")
        key = f"PLATFORM-{self._store.count('tickets') + 1}"
        made = {**body, "key": key, "status": "open", "url": f"https://tickets.example.com/browse/{key}"}
        return self._insert("tickets", key, key, made)

    def _insert(self, kind: str, resource_id: str, name: str, made: dict[str, Any], parent: str = "") -> Answer:
        try:
            self._store.add(kind, resource_id, name, made, parent)
        except NameTakenError as error:
            raise RefusedError(409, f"the name {name!r} is taken") from error
        return Answer(status=201, body=made)

    def _found(self, kind: str, resource_id: str) -> Answer:
        found = self._store.get(kind, resource_id)
        if found is None:
            raise RefusedError(404, f"there is no {resource_id} among the {kind}")
        return Answer(status=200, body=found)

    def _remove(self, kind: str, resource_id: str) -> Answer:
        if kind == "databases" and self._store.all("users", parent=resource_id):
            raise RefusedError(409, f"{resource_id} has users; delete them first")
        if not self._store.remove(kind, resource_id):
            raise RefusedError(404, f"there is no {resource_id} among the {kind}")
        return Answer(status=204)


def _object(request: Request) -> dict[str, Any]:
    try:
        body = json.loads(request.body or b"{}")
    except ValueError as error:
        raise RefusedError(400, f"the body is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise RefusedError(422, "the body must be a JSON object")
    return body


def _text(body: dict[str, Any], key: str) -> str:
    value = body.get(key)
    if not isinstance(value, str) or not value:
        raise RefusedError(422, f"{key} must be a text that is not empty")
    return value


def _not_found(request: Request) -> RefusedError:
    return RefusedError(404, f"there is nothing at {request.method} {request.path}")
