"""Writes what is to be told, in the transaction of the event that it tells of: so both are there, or neither.

An equal message is written once; who sends it is `api_plugin.notifications.delivery`.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from api_plugin.clock import utc_now
from api_plugin.configuration import settings
from api_plugin.notifications.channels import Channel, Event, connections
from api_plugin.notifications.events import Notable, notable
from api_plugin.store.catalog import Catalog
from api_plugin.store.notifications import Notification, NotificationPreference
from api_plugin.store.requests import Request
from catalog_compiler.setting_lists import event_list

ADDRESS = re.compile(r"[^\s@<>,;]+@[^\s@<>,;]+\.[^\s@<>,;]+")
_SLACK = re.compile(r"#[^\s#@]+|[CGU][A-Z0-9]{6,}")

_Place = tuple[Channel, str]
"""A channel, and the recipient in it."""


def note(session: Session, request: Request, kind: str, data: Mapping[str, Any], *, run_try: int) -> None:
    """Write what people are to be told of an event of the request; commits nothing, and is free without channels."""
    channels = connections(settings())
    if not channels:
        return
    told = notable(kind, data, run_try=run_try)
    if told is None:
        return
    places = dict.fromkeys([*_requester(session, request, told.event), *_owner(session, request, told.event)])
    rows = [_row(request, told, place, utc_now()) for place in places if place[0] in channels]
    if rows:
        session.execute(insert(Notification).values(rows).on_conflict_do_nothing())


def _requester(session: Session, request: Request, event: Event) -> Iterator[_Place]:
    chosen = session.scalar(
        select(NotificationPreference.channels).where(NotificationPreference.user_id == request.user_id)
    )
    email = str(request.user.get("email") or "")
    if chosen is None:
        if event in event_list(settings().notify_events) and ADDRESS.fullmatch(email):
            yield "email", email
        return
    for channel, choice in chosen.items():
        if event not in choice["events"]:
            continue
        if channel == "email" and ADDRESS.fullmatch(email):
            yield "email", email
        elif channel == "slack" and choice.get("to"):
            yield "slack", choice["to"]
        elif channel in {"teams", "webhook"}:
            yield channel, ""


def _owner(session: Session, request: Request, event: Event) -> Iterator[_Place]:
    if event not in event_list(settings().notify_owner_events):
        return
    catalog = session.get(Catalog, request.catalog)
    contact = str(((catalog.owners if catalog else {}).get(request.owner) or {}).get("contact") or "").strip()
    if ADDRESS.fullmatch(contact):
        yield "email", contact
    elif _SLACK.fullmatch(contact):
        yield "slack", contact
    yield "teams", ""
    yield "webhook", ""


def _row(request: Request, told: Notable, place: _Place, now: dt.datetime) -> dict[str, Any]:
    channel, recipient = place
    return {
        "request_id": request.id,
        "event": told.event,
        "subject": told.subject,
        "channel": channel,
        "recipient": recipient,
        "detail": dict(told.detail),
        "state": "due",
        "attempts": 0,
        "created_at": now,
        "due_at": now,
    }
