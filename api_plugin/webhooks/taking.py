"""Takes a push that a git host vouches for: once, and for the catalogs that follow what was pushed."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select
from sqlalchemy.orm import Session

from api_plugin.clock import utc_now
from api_plugin.correlation import correlation_id
from api_plugin.followed import is_followed
from api_plugin.refreshing import ask_for_refresh
from api_plugin.store.access import Audit
from api_plugin.store.catalog import Catalog
from api_plugin.webhooks.deliveries import Delivery
from api_plugin.webhooks.pushes import Push
from api_plugin.webhooks.replays import is_first
from api_plugin.webhooks.signed import replayed

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
    if not is_first(session, delivery.digest, delivery.host.name, KEPT):
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
