"""Tells news to whoever waits for it, once."""

from __future__ import annotations

import datetime as dt

import structlog
from sqlalchemy.orm import Session

from api_plugin.store.notices import signal
from api_plugin.webhooks.news import News
from api_plugin.webhooks.replays import is_first
from api_plugin.webhooks.signed import replayed

log = structlog.get_logger(__name__)

KEPT = dt.timedelta(days=1)
"""How long news is remembered. A copy that comes later makes those who wait look once more, and no more."""


def tell(session: Session, news: News) -> tuple[str, ...]:
    """Tell all triggerers, once the session's transaction commits; gives the names that were told.

    Raises a 409 problem where it was told before, unless the sender would send it again for that.
    """
    sender = news.sender
    # One system may tell both pushes and this with one secret: they are remembered apart.
    if not is_first(session, news.digest, f"{sender.name}-news", KEPT):
        if sender.repeats_refused:
            return ()
        raise replayed("Actions that wait look from time to time by themselves")
    for name in news.names:
        signal(session, name)
    log.info("signal told", sender=sender.name, delivery=news.id[:200], names=list(news.names))
    return news.names
