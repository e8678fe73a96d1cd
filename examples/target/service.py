"""What the target does with a request: finds the resource, asks its kind's rule, and keeps what came of it."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from examples.target.faults import Faults
from examples.target.kinds import KINDS, NETWORKS, Kind
from examples.target.messages import Answer, RefusedError, Request
from examples.target.rules import Body, text
from examples.target.store import NameTakenError, Store

RESERVED_PREFIX = "forbidden-"
"""DNS names that nobody may register."""

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
            case ("PUT", "dns", name):
                return self._put_dns(name, _object(request))
            case ("GET", "networks"):
                return _listed("networks", NETWORKS, request)
            case ("GET", kind) if kind in KINDS:
                return _listed(kind, self._store.all(kind), request)
            case ("POST", kind) if kind in KINDS:
                return self._add(kind, KINDS[kind], _object(request))
            case ("GET", kind, resource_id) if kind in KINDS or kind == "dns":
                return Answer(status=200, body=self._found(kind, resource_id))
            case ("DELETE", kind, resource_id) if kind in KINDS or kind == "dns":
                return self._remove(kind, resource_id)
            case ("PUT", kind, resource_id, part) if kind in KINDS and part in KINDS[kind].parts:
                return self._put_part(kind, resource_id, part, _object(request))
            case (_, kind, resource_id, child, *more) if kind in KINDS and child in KINDS[kind].children:
                return self._child(method, self._found(kind, resource_id), (kind, child), more, request)
        raise _not_found(request)

    def _child(self, method: str, owner: Body, place: tuple[str, str], more: Sequence[str], request: Request) -> Answer:
        kind, child = place
        match (method, *more):
            case ("GET",):
                return _listed(child, self._store.all(child, parent=owner["id"]), request)
            case ("POST",):
                return self._add(child, KINDS[kind].children[child], _object(request), owner)
            case ("DELETE", child_id):
                if not self._store.remove(child, child_id, parent=owner["id"]):
                    raise RefusedError(404, f"there is no {child_id} among the {child} of {owner['id']}")
                return Answer(status=204)
        raise _not_found(request)

    def _add(self, name: str, kind: Kind, body: Body, owner: Body | None = None) -> Answer:
        own_name = text(body, kind.name_key)
        for key, used in kind.uses.items():
            if body.get(key) is not None:
                self._check_used(used, key, text(body, key))
        added = kind.rule(body, owner or {})
        resource_id = f"{kind.prefix}-{secrets.token_hex(4)}" if kind.prefix else own_name
        made = {**_kept(kind, body), "id": resource_id, "status": "available"}
        made |= {"belongs_to": owner["id"]} if owner else {"host": f"{own_name}.{name}.example.com"}
        answer = self._insert(name, resource_id, own_name, {**made, **added}, owner["id"] if owner else "")
        return replace(answer, body={**answer.body, **kind.shown_once()})

    def _check_used(self, kind: str, key: str, resource_id: str) -> None:
        known = [network["id"] for network in NETWORKS] if kind == "networks" else ()
        if resource_id not in known and self._store.get(kind, resource_id) is None:
            raise RefusedError(422, f"{key} names {resource_id}, which is not among the {kind}")

    def _put_part(self, kind: str, resource_id: str, part: str, body: Body) -> Answer:
        resource = self._found(kind, resource_id)
        added = KINDS[kind].parts[part](body, resource)
        changed = {**resource, part: {**_kept(KINDS[kind], body), **added}}
        self._store.change(kind, resource_id, changed)
        return Answer(status=200, body=changed)

    def _put_dns(self, name: str, body: Body) -> Answer:
        target = text(body, "target")
        if name.startswith(RESERVED_PREFIX):
            raise RefusedError(422, f"the name {name!r} is reserved; names that start with {RESERVED_PREFIX!r} are")
        known = self._store.get("dns", name)
        if known is None:
            record = {"name": name, "target": target, "fqdn": f"{name}.example.com"}
            return self._insert("dns", name, name, record)
        if known["target"] != target:
            raise RefusedError(409, f"the name {name!r} points to {known['target']!r} already")
        return Answer(status=200, body=known)

    def _add_ticket(self, body: Body) -> Answer:
        if body.get("parent") is not None:
            self._check_used("tickets", "parent", text(body, "parent"))
        text(body, "summary")
        key = f"PLATFORM-{self._store.count('tickets') + 1}"
        made = {**body, "key": key, "status": "open", "url": f"https://tickets.example.com/browse/{key}"}
        return self._insert("tickets", key, key, made)

    def _insert(self, kind: str, resource_id: str, name: str, made: Body, parent: str = "") -> Answer:
        try:
            self._store.add(kind, resource_id, name, made, parent)
        except NameTakenError as error:
            raise RefusedError(409, f"the name {name!r} is taken") from error
        return Answer(status=201, body=made)

    def _found(self, kind: str, resource_id: str) -> Body:
        found = self._store.get(kind, resource_id)
        if found is None:
            raise RefusedError(404, f"there is no {resource_id} among the {kind}")
        return found

    def _remove(self, kind: str, resource_id: str) -> Answer:
        for name, child in KINDS[kind].children.items() if kind in KINDS else ():
            for left in self._store.all(name, parent=resource_id):
                if not child.disposable:
                    raise RefusedError(409, f"{resource_id} has {name}; delete them first")
                self._store.remove(name, left["id"], parent=resource_id)
        for name, user in KINDS.items():
            for key in (key for key, used in user.uses.items() if used == kind):
                if any(each.get(key) == resource_id for each in self._store.all(name)):
                    raise RefusedError(409, f"{resource_id} is used among the {name}; delete those first")
        if not self._store.remove(kind, resource_id):
            raise RefusedError(404, f"there is no {resource_id} among the {kind}")
        return Answer(status=204)


def _listed(kind: str, resources: Iterable[Body], request: Request) -> Answer:
    """Those that have what the query asks for, as in `?environment=production`."""
    wanted = request.query.items()
    found = [each for each in resources if all(str(each.get(key)) == value for key, value in wanted)]
    return Answer(status=200, body={kind: found})


def _kept(kind: Kind, body: Body) -> Body:
    return {key: value for key, value in body.items() if key not in kind.never_kept}


def _object(request: Request) -> Body:
    try:
        body = json.loads(request.body or b"{}")
    except ValueError as error:
        raise RefusedError(400, f"the body is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise RefusedError(422, "the body must be a JSON object")
    return body


def _not_found(request: Request) -> RefusedError:
    return RefusedError(404, f"there is nothing at {request.method} {request.path}")
