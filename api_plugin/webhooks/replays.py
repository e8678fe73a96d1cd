"""Remembers which deliveries were taken, so that nobody can send them again."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from api_plugin.clock import utc_now
from api_plugin.store.catalog import WebhookDelivery


def is_first(session: Session, digest: str, sender: str, kept: dt.timedelta) -> bool:
    """Whether what has that digest comes for the first time; it is remembered for `kept`. Commits nothing."""
    now = utc_now()
    session.execute(
        delete(WebhookDelivery).where(WebhookDelivery.host == sender, WebhookDelivery.received_at < now - kept)
    )
    return (
        session.scalar(
            insert(WebhookDelivery)
            .values(digest=digest, host=sender, received_at=now)
            .on_conflict_do_nothing()
            .returning(WebhookDelivery.digest)
        )
        is not None
    )
