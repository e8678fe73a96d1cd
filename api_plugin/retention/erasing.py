"""Erases what is known of a person: their values and names are replaced everywhere, and everything is still counted.

A few requests a transaction, so that a process that dies in between has erased some, and calling again erases the
rest. Airflow's runs of their requests and the logs of those are deleted: values stand there in too many forms.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from airflow.models.dagrun import DagRun
from airflow.models.log import Log
from sqlalchemy import ColumnElement, Text, cast, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from api_plugin.clock import utc_now
from api_plugin.configuration import sealer
from api_plugin.correlation import correlation_id
from api_plugin.exceptions import conflict
from api_plugin.idempotency import forget_answers
from api_plugin.principals import Principal
from api_plugin.request_files import delete_files, restored
from api_plugin.retention.erased_texts import ERASED, Eraser, texts_in, without_values
from api_plugin.retention.retaining import delete_runs
from api_plugin.retention.run_logs import delete_logs
from api_plugin.retention.snapshots import runs_of, take_snapshots
from api_plugin.status_views import ENDED
from api_plugin.store.access import Audit
from api_plugin.store.base import Base
from api_plugin.store.notifications import Notification, NotificationPreference
from api_plugin.store.queue import QueueTurn
from api_plugin.store.requests import Request, RequestEvent, RequestWords
from api_plugin.store.resources import Resource
from api_plugin.store.snapshots import RunSnapshot
from catalog_compiler.sealing import SealError
from catalog_compiler.stored_files import StoredFileError

BATCH = 50
"""Requests that one transaction erases."""
NAMED = 20
"""Requests that a refusal names."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Erased:
    """What came of it."""

    pseudonym: str
    requests: int
    audit: int
    active_resources: list[uuid.UUID]


def erase_person(session: Session, user: str, caller: Principal) -> Erased:
    """Erase the person of that name or email; commits each batch by itself.

    That it was begun, and by whom, is on record before anything is gone. Raises a 409 problem where any of their
    requests has not ended.
    """
    whose = or_(Request.user_id == user, Request.email == user.lower())
    _refuse_while_any_runs(session, whose)
    pseudonym = f"erased-{secrets.token_hex(4)}"
    _audit(session, caller, pseudonym, "begun")
    session.commit()
    identities = session.execute(
        select(Request.user_id, Request.email, Request.user["name"].astext).where(whose).distinct()
    ).all()
    names = {user, *(text for row in identities for text in row if text)}
    ids = {user, *(row[0] for row in identities)}
    count, active = 0, []
    ended = select(Request).where(whose, Request.status.in_(ENDED)).order_by(Request.id).limit(BATCH)
    # Under the lock that a retry takes as well: what somebody begins again meanwhile is left, and refused below.
    locked = ended.with_for_update().execution_options(populate_existing=True)
    while requests := session.scalars(locked).all():
        active += _erase_requests(session, requests, names, pseudonym)
        count += len(requests)
        session.commit()
    _refuse_while_any_runs(session, whose)
    # Before the lines of the person's own acts are looked for: who erases themselves is not named either.
    _audit(session, caller, pseudonym, "erased", requests=count)
    audit = _erase_elsewhere(session, ids, names, pseudonym)
    _sweep(session, [name for name in names if "@" in name or " " in name])
    session.commit()
    return Erased(pseudonym=pseudonym, requests=count, audit=audit, active_resources=active)


def _audit(session: Session, caller: Principal, pseudonym: str, outcome: str, **detail: object) -> None:
    session.add(
        Audit(
            at=utc_now(),
            actor=caller.id,
            action="person.erase",
            target=pseudonym,
            outcome=outcome,
            address=caller.address,
            correlation_id=correlation_id(),
            detail=detail,
        )
    )
    session.flush()


def _refuse_while_any_runs(session: Session, whose: ColumnElement[bool]) -> None:
    running = session.scalars(select(Request.id).where(whose, Request.status.not_in(ENDED)).limit(NAMED)).all()
    if running:
        named = ", ".join(map(str, running))
        raise conflict(
            "requests-still-running",
            f"requests of this person have not ended: {named}; wait for their end, or cancel them, then call again",
        )


def _erase_requests(session: Session, requests: Sequence[Request], names: set[str], pseudonym: str) -> list[uuid.UUID]:
    """Erase some of the person's requests; gives what of them is still active."""
    ids = [request.id for request in requests]
    take_snapshots(session, [request.id for request in requests if request.snapshot_at is None])
    runs = list(runs_of(session, requests))
    delete_logs(runs)
    delete_runs(session, runs)
    session.execute(
        update(Log).where(Log.run_id.in_([run_id for _, run_id in runs])).values(extra=None)
        .execution_options(synchronize_session=False)
    )  # fmt: skip
    session.execute(delete(RequestWords).where(RequestWords.request_id.in_(ids)))
    session.execute(delete(Notification).where(Notification.request_id.in_(ids)))
    for request in requests:
        eraser = Eraser({*names, *_values(request)})
        # Before the values that tell of them go, so that a death in between leaves nothing behind.
        delete_files(request)
        _erase_rows(session, request, eraser, pseudonym)
    active = select(Resource.id).where(Resource.request_id.in_(ids), Resource.state == "active")
    return list(session.scalars(active))


def _values(request: Request) -> list[str]:
    """The texts that the person gave, secret ones too."""
    found = [request.comment] if request.comment else []
    for name, value in request.fields.items():
        try:
            found += texts_in(sealer().open(restored({name: value})[name]))
        except (SealError, StoredFileError):
            # Nobody can read it any more, so it stands nowhere else in clear.
            continue
    return found


def _erase_rows(session: Session, request: Request, eraser: Eraser, pseudonym: str) -> None:
    for event in session.scalars(select(RequestEvent).where(RequestEvent.request_id == request.id)):
        event.data = _object(eraser, event.data)
    for kept in session.scalars(select(RunSnapshot).where(RunSnapshot.request_id == request.id)):
        kept.run = _object(eraser, kept.run)
    for entry in session.scalars(select(Audit).where(Audit.target == str(request.id))):
        entry.detail = _object(eraser, entry.detail)
    for resource in session.scalars(select(Resource).where(Resource.request_id == request.id)):
        resource.user_id = resource.user_name = pseudonym
        resource.user_email, resource.user_organization = _email(pseudonym), None
        resource.attributes = _object(eraser, resource.attributes)
        resource.identifier = eraser.text(resource.identifier) if resource.identifier else None
        resource.name = eraser.text(resource.name) if resource.name else None
        resource.note = eraser.text(resource.note) if resource.note else None
    request.state = _object(eraser, request.state)
    request.cancellation = _object(eraser, request.cancellation) if request.cancellation else None
    request.fields = {name: without_values(value) for name, value in request.fields.items()}
    request.comment = ERASED if request.comment else None
    request.user_id = pseudonym
    request.user = {"id": pseudonym, "email": _email(pseudonym), "name": pseudonym, "roles": []}


def _object(eraser: Eraser, value: dict[str, Any]) -> dict[str, Any]:
    return {key: eraser.value(part) for key, part in value.items()}


def _email(pseudonym: str) -> str:
    return f"{pseudonym}@erased.invalid"


def _erase_elsewhere(session: Session, ids: set[str], names: set[str], pseudonym: str) -> int:
    """What the person did to others' requests, and in Airflow; gives how many entries of the audit trail it were."""
    for user_id in ids:
        forget_answers(session, user_id)
    session.execute(delete(QueueTurn).where(QueueTurn.user_id.in_(ids)))
    session.execute(delete(NotificationPreference).where(NotificationPreference.user_id.in_(ids)))
    session.execute(delete(Notification).where(Notification.recipient.in_(names)))
    entries = session.scalars(select(Audit).where(Audit.actor.in_(ids))).all()
    for entry in entries:
        entry.actor, entry.address = pseudonym, None
    for data, column in ((RequestEvent.data, "data"), (Request.cancellation, "cancellation")):
        session.execute(
            update(data.class_)
            .where(data["by"].astext.in_(ids))
            .values({column: func.jsonb_set(data, "{by}", func.to_jsonb(cast(pseudonym, Text)))})
            .execution_options(synchronize_session=False)
        )
    session.execute(
        update(DagRun).where(DagRun.triggering_user_name.in_(ids)).values(triggering_user_name=pseudonym)
        .execution_options(synchronize_session=False)
    )  # fmt: skip
    session.execute(
        update(Log).where(Log.owner.in_(ids)).values(owner=pseudonym, owner_display_name=pseudonym, extra=None)
        .execution_options(synchronize_session=False)
    )  # fmt: skip
    session.flush()
    return len(entries)


def _sweep(session: Session, names: Sequence[str]) -> None:
    """Take full names and emails out of every text and JSON column of ours, wherever else they may stand."""
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if column.primary_key or column.computed is not None or column.foreign_keys:
                continue
            for name in names:
                if isinstance(column.type, JSONB):
                    # Escaped as in JSON, since it is looked for in the JSON's text.
                    found: ColumnElement[str] = cast(column, Text)
                    written = func.substr(cast(func.to_jsonb(cast(name, Text)), Text), 2)
                    needle: ColumnElement[str] = func.substr(written, 1, func.length(written) - 1)
                    changed: ColumnElement[Any] = cast(func.replace(found, needle, ERASED), JSONB)
                elif isinstance(column.type, Text):
                    found, needle, changed = column, cast(name, Text), func.replace(column, name, ERASED)
                else:
                    continue
                session.execute(update(table).where(func.strpos(found, needle) > 0).values({column.name: changed}))
