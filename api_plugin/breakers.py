"""Keeps what the hosts of actions tell of their breakers, and says which targets are left alone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import case, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from api_plugin.clock import utc_now
from api_plugin.configuration import settings
from api_plugin.datamodels.health import BreakerBody
from api_plugin.store.targets import Breaker

CLOSED = "closed"
TRIAL = dt.timedelta(seconds=30)
"""For so long after its rest a breaker still counts: a call may be trying the target, after which it is told anew."""
KEPT = dt.timedelta(days=1)
"""For so long what was told last is kept."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LeftAlone:
    """A target that is left alone."""

    target: str
    since: dt.datetime


def note_breakers(session: Session, process: str, told: Sequence[BreakerBody]) -> None:
    """Keep what a process tells, unless something newer is known; what is stale goes. Commits nothing."""
    session.execute(delete(Breaker).where(Breaker.changed_at < utc_now() - KEPT))
    newest = {each.target: each for each in sorted(told, key=lambda each: each.at)}
    if not newest:
        return
    adding = insert(Breaker).values(
        [
            {"target": each.target, "process": process, "state": each.state, "since": each.at, "changed_at": each.at,
             "failures": each.failures}
            for each in newest.values()
        ]
    )  # fmt: skip
    new = adding.excluded
    as_before = (Breaker.state == CLOSED) == (new.state == CLOSED)
    session.execute(
        adding.on_conflict_do_update(
            index_elements=[Breaker.target, Breaker.process],
            set_={
                "state": new.state,
                "since": case((as_before, Breaker.since), else_=new.since),
                "changed_at": new.changed_at,
                "failures": new.failures,
            },
            where=Breaker.changed_at <= new.changed_at,
        )
    )


def renewed_since() -> dt.datetime:
    """Breakers that were told before are at the end of their rest, or gone with their process: nobody is kept away."""
    return utc_now() - dt.timedelta(seconds=settings().breaker_seconds) - TRIAL


def left_alone(session: Session) -> list[LeftAlone]:
    """The targets that are left alone by any process, by name."""
    rows = session.execute(
        select(Breaker.target, func.min(Breaker.since))
        .where(Breaker.state != CLOSED, Breaker.changed_at > renewed_since())
        .group_by(Breaker.target)
        .order_by(Breaker.target)
    )
    return [LeftAlone(target=target, since=since) for target, since in rows]
