"""Takes a push that a git host vouches for: once, and for the catalogs that follow what was pushed."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from api_plugin.clock import utc_now
from api_plugin.correlation import correlation_id
from api_plugin.followed import is_followed
from api_plugin.refreshing import ask_for_refresh
from api_plugin.store.access import Audit
from api_plugin.store.catalog import Catalog, WebhookDelivery
from api_plugin.webhooks.deliveries import Delivery, replayed
from api_plugin.webhooks.pushes import Push

KEPT = dt.timedelta(days=90)
"""How long a delivery is remembered. A copy that comes later costs one look at a repository, and no more."""


def take_push(session: Session, delivery: Delivery) -> list[str]:
    """Have the catalogs that follow what was pushed refreshed; gives their names, and commits nothing.

    One that nobody follows is not written down: it did nothing, and may be sent again once somebody does. Raises a 409
    problem where the delivery was taken before.
    """
    catalogs = _followers(session, delivery.push)
    if not catalogs:
        return []
    now = utc_now()
    session.execute(delete(WebhookDelivery).where(WebhookDelivery.received_at < now - KEPT))
    first = session.scalar(
        insert(WebhookDelivery)
        .values(digest=delivery.digest, host=delivery.host.name, received_at=now)
        .on_conflict_do_nothing()
        .returning(WebhookDelivery.digest)
    )
    if first is None:
        raise replayed()
    for catalog in catalogs:
        ask_for_refresh(session, catalog)
        session.add(_act(delivery, catalog, now))
    return catalogs


def _followers(session: Session, push: Push) -> list[str]:
    rows = session.execute(
        select(Catalog.name, Catalog.repository, Catalog.tracking_ref).where(is_followed()).order_by(Catalog.name)
    )
    return [row.name for row in rows if push.moves(row.repository, row.tracking_ref)]


def _act(delivery: Delivery, catalog: str, now: dt.datetime) -> Audit:
    return Audit(
        at=now,
        actor=f"webhook:{delivery.host.name}",
        action="catalog.webhook",
        target=catalog,
        outcome="accepted",
        address=delivery.address,
        correlation_id=correlation_id(),
        detail={"delivery": delivery.id[:200], "refs": sorted(delivery.push.refs)},
    )
