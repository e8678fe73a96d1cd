"""`Idempotency-Key`: a call that is sent again gets its first answer again, and nothing is made a second time.

The answer is kept in the transaction that makes the thing, so that a crash leaves both or neither. Equal calls that
come at the same time wait for the first by a lock of that transaction, which ends with it, whatever ends it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Header
from pydantic import BaseModel
from sqlalchemy import delete, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from api_plugin.bodies import read_content, read_json
from api_plugin.clock import utc_now
from api_plugin.configuration import sealer, settings
from api_plugin.exceptions import ApiProblem, conflict
from api_plugin.principals import Principal
from api_plugin.store.idempotency import IdempotentAnswer

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
KEPT = dt.timedelta(hours=24)
"""For so long a key answers; afterwards it is as good as new."""
PATIENCE = "15s"
"""For so long a call waits for an equal one that is at work; then its caller is told to try again."""
DELETED_AT_ONCE = 5000
"""Rows that one statement deletes, so that none holds the others up."""

_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_LOCK = text("SELECT set_config('lock_timeout', :patience, true), pg_advisory_xact_lock(:number)")


@dataclass(frozen=True, kw_only=True, slots=True)
class IdempotentCall:
    """A call of an operation that makes something. Without a key it is made as often as it is sent."""

    operation: str
    key: str | None
    digests: tuple[str, ...] = ()
    """Of the body, by each key of `[pao] fernet_key`; the first is the one to keep."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """What a call is answered: now, or once more."""

    status: int
    content: str
    """JSON."""
    location: str | None = None
    replayed: bool = False

    @classmethod
    def of(cls, answer: BaseModel, *, status: int = 202, location: str | None = None) -> Reply:
        """The reply that gives a model's JSON."""
        return cls(status=status, content=answer.model_dump_json(), location=location)

    def response(self) -> Response:
        """As the caller gets it."""
        headers = {"Location": self.location} if self.location else {}
        if self.replayed:
            headers[REPLAYED] = "true"
        return Response(self.content, self.status, headers, "application/json")


async def _call(
    request: Request,
    key: Annotated[
        str | None,
        Header(
            alias=HEADER,
            description="Up to 255 visible ASCII characters, such as a UUID. The same key with the same body gives the "
            f"first answer again for 24 hours, with `{REPLAYED}: true`; with another body it is refused (409).",
        ),
    ] = None,
) -> IdempotentCall:
    # With what is said beside the body, such as the catalog: that too makes it another call.
    query = f"?{request.url.query}" if request.url.query else ""
    operation = f"{request.method} {request.url.path}{query}"
    if key is None:
        return IdempotentCall(operation=operation, key=None)
    if not _KEY.fullmatch(key) or len(request.headers.getlist(HEADER)) > 1:
        raise ApiProblem(
            400, "invalid-idempotency-key", "Invalid Idempotency-Key",
            f"{HEADER} must be one text of 1 to 255 visible ASCII characters; send a new UUID for each thing to make",
        )  # fmt: skip
    body = await read_json(request) if await read_content(request) else None
    return IdempotentCall(operation=operation, key=key, digests=body_digests(body, settings().fernet_key))


Idempotent = Annotated[IdempotentCall, Depends(_call)]
"""Declared by each operation that makes something, after the caller and the body."""


def once(session: Session, caller: Principal, call: IdempotentCall, make: Callable[[], Reply]) -> Reply:
    """Make it, or give the answer of the call that did; commits nothing.

    `make` works in the same session and raises where nothing is made: then no answer is kept. Raises a 409 problem for
    a key that was used with another body.
    """
    if call.key is None:
        return make()
    session.execute(_LOCK, {"patience": PATIENCE, "number": _lock_number(caller.id, call.operation, call.key)})
    # A statement of its own: it sees what was committed while this one waited for the lock.
    kept = session.get(IdempotentAnswer, (caller.id, call.operation, call.key))
    if kept is not None and kept.created_at > utc_now() - KEPT:
        return _again(kept, call)
    reply = make()
    _keep(session, caller, call, reply)
    return reply


def delete_old_answers(session: Session) -> int:
    """Delete a portion of the answers that were kept for long enough, and say how many; commits nothing."""
    table = IdempotentAnswer
    old = (
        select(table.principal, table.operation, table.key)
        .where(table.created_at < utc_now() - KEPT)
        .limit(DELETED_AT_ONCE)
        .subquery()
    )
    same = (table.principal == old.c.principal) & (table.operation == old.c.operation) & (table.key == old.c.key)
    return _deleted(session, delete(table).where(same))


def forget_answers(session: Session, principal: str) -> int:
    """Delete all answers that were kept for a caller, and say how many; commits nothing."""
    return _deleted(session, delete(IdempotentAnswer).where(IdempotentAnswer.principal == principal))


def body_digests(body: Any, keys: str) -> tuple[str, ...]:
    """What tells bodies apart, by each of the keys; alike for bodies that are the same JSON. Raises a 400 problem."""
    try:
        content = json.dumps(_plain(body), sort_keys=True, separators=(",", ":")).encode()
    except RecursionError:
        raise ApiProblem(400, "malformed-json", "Malformed JSON", "the body is nested too deep") from None
    return tuple(hmac.new(key.strip().encode(), content, hashlib.sha256).hexdigest() for key in keys.split(","))


def _deleted(session: Session, statement: Any) -> int:
    count: int = session.execute(statement, execution_options={"synchronize_session": False}).rowcount  # type: ignore[attr-defined]
    return count


def _again(kept: IdempotentAnswer, call: IdempotentCall) -> Reply:
    if not any(hmac.compare_digest(kept.body_digest, digest) for digest in call.digests):
        raise conflict(
            "idempotency-key-reused",
            f"this {HEADER} was sent with another body before; send a new key to make another thing",
        )
    return Reply(
        status=kept.status, content=str(sealer().open(json.loads(kept.answer))), location=kept.location, replayed=True
    )


def _keep(session: Session, caller: Principal, call: IdempotentCall, reply: Reply) -> None:
    kept = {
        "body_digest": call.digests[0],
        "status": reply.status,
        "location": reply.location,
        "answer": json.dumps(sealer().seal(reply.content)),
        "created_at": utc_now(),
    }
    row = {"principal": caller.id, "operation": call.operation, "key": call.key, **kept}
    # There is a row only where it is too old to count.
    session.execute(
        insert(IdempotentAnswer).values(row).on_conflict_do_update(constraint="pk_idempotent_answer", set_=kept)
    )


def _lock_number(*parts: str) -> int:
    """Calls that are not equal may share one, and then wait for each other."""
    digest = hashlib.blake2b("\0".join(("pao idempotency", *parts)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def _plain(value: Any) -> Any:
    """JSON knows one kind of number: `1.0` is `1`."""
    match value:
        case float() if value.is_integer():
            return int(value)
        case dict():
            return {name: _plain(part) for name, part in value.items()}
        case list():
            return [_plain(part) for part in value]
    return value
