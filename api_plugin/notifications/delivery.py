"""Sends what is due: a thread of each API process, which share the work by locks of rows.

A row is marked before its message is sent, and the mark is committed: where the process dies in between, whether it
arrived is not known, and it is not sent again. What surely did not arrive is tried again later.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import threading
import uuid
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager
from functools import cache
from importlib.metadata import entry_points
from typing import Literal, Protocol

import structlog
from airflow.utils.session import create_session
from sqlalchemy import Select, func, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from api_plugin.clock import utc_now
from api_plugin.configuration import settings
from api_plugin.notifications.channels import CHANNELS, connections
from api_plugin.notifications.message import Message, message
from api_plugin.projection import bring_up_to_date
from api_plugin.sla import flag_overdue
from api_plugin.status_views import OPEN
from api_plugin.stirring import ended_since
from api_plugin.store.notifications import Notification
from api_plugin.store.requests import Request

log = structlog.get_logger(__name__)

TOGETHER = 20
"""Messages that are sent at the same time."""
ATTEMPTS = 8
"""How often a message is tried that surely did not arrive: for about an hour."""
FIRST_PAUSE = dt.timedelta(seconds=30)
"""Before the second attempt; each further pause is twice as long."""
LOST_AFTER = dt.timedelta(minutes=15)
"""Whoever began to send and did not say how it ended in so long is gone."""
LOOKED_AT = 200
"""Requests whose runs have ended that are looked at in one go."""
_LOOKING = 7_266_018
"""The number of the lock of whoever looks for what is new."""


class Sent(Protocol):
    """How sending one message ended."""

    outcome: Literal["sent", "failed", "again", "unknown"]
    error: str | None


Send = Callable[[Message], Awaitable[Sent]]
"""Sends one message; never raises."""
Messenger = Callable[[], AbstractAsyncContextManager[Send]]
"""What the entry point group `pao.messenger` names: gives a `Send` for messages that are sent at the same time."""


class Notifier:
    """The thread."""

    def __init__(self, seconds: float, messenger: Messenger | None = None) -> None:
        """Look every `seconds`."""
        self._seconds = seconds
        self._messenger = messenger

    @contextmanager
    def running(self) -> Iterator[None]:
        """Send while the block runs; nothing is done without a channel."""
        if not connections(settings()):
            yield
            return
        over = threading.Event()
        thread = threading.Thread(target=self._run, args=(over,), name="pao-notifier", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join(timeout=5)

    def _run(self, over: threading.Event) -> None:
        while not over.wait(self._seconds):
            try:
                look()
                while deliver(self._messenger or _installed()) == TOGETHER and not over.is_set():
                    pass
            except SQLAlchemyError as error:
                log.warning("notifications not sent", error=str(error).partition("\n")[0])
            except Exception:
                # What is due stays due.
                log.exception("notifications not sent")


def look() -> None:
    """Find out what is new though nobody watches: runs that ended, and requests that are late. One process does it."""
    with create_session(scoped=False) as session:
        if not session.scalar(select(func.pg_try_advisory_xact_lock(_LOOKING))):
            return
        flag_overdue(session)
        bring_up_to_date(session, session.scalars(news_query()).all(), wait=False)
        session.commit()


def news_query() -> Select[uuid.UUID]:
    """Requests of which a run has ended since they were seen.

    Not those that were seen since: where people have a request in hand, its own run has ended long ago.
    """
    return select(Request.id).where(Request.status.in_(OPEN), ended_since()).limit(LOOKED_AT)


def deliver(messenger: Messenger) -> int:
    """Send what is due, a number at a time; gives how many it were."""
    with create_session(scoped=False) as session:
        _give_up_lost(session)
        messages = _claim(session)
        session.commit()
    if messages:
        asyncio.run(_send_all(messenger, messages))
    return len(messages)


def _claim(session: Session) -> list[tuple[int, Message]]:
    """Mark messages as being sent, and give them."""
    named = connections(settings())
    due = session.execute(
        select(Notification, Request)
        .join(Request, Request.id == Notification.request_id)
        .where(Notification.state == "due", Notification.due_at <= utc_now())
        .where(Notification.channel.in_([channel for channel in CHANNELS if channel in named]))
        .order_by(Notification.due_at)
        .limit(TOGETHER)
        .with_for_update(skip_locked=True, of=Notification)
    ).all()
    claimed = []
    for notification, request in due:
        notification.state, notification.due_at = "sending", utc_now()
        notification.attempts += 1
        claimed.append((notification.id, message(notification, request, named[notification.channel])))
    return claimed


def _give_up_lost(session: Session) -> None:
    session.execute(
        update(Notification)
        .where(Notification.state == "sending", Notification.due_at < utc_now() - LOST_AFTER)
        .values(state="unknown", ended_at=utc_now(), error="its sender stopped in between; it is not sent again")
    )


async def _send_all(messenger: Messenger, messages: Sequence[tuple[int, Message]]) -> None:
    async def one(send: Send, number: int, each: Message) -> None:
        sent = await send(each)
        await asyncio.to_thread(_note, number, sent)

    async with messenger() as send:
        await asyncio.gather(*(one(send, number, each) for number, each in messages))


def _note(number: int, sent: Sent) -> None:
    with create_session(scoped=False) as session:
        row = session.get_one(Notification, number)
        if sent.outcome == "again" and row.attempts < ATTEMPTS:
            row.state, row.due_at = "due", utc_now() + FIRST_PAUSE * 2 ** (row.attempts - 1)
        else:
            row.state = "failed" if sent.outcome == "again" else sent.outcome
            row.ended_at = utc_now()
        row.error = sent.error
        session.commit()
    if sent.error:
        log.warning("notification not sent", id=number, outcome=sent.outcome, error=sent.error)


@cache
def _installed() -> Messenger:
    (entry,) = entry_points(group="pao.messenger")
    messenger: Messenger = entry.load()
    return messenger
