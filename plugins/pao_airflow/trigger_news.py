"""Tells triggerers that there are new triggers, when the transaction that made them commits, whoever makes them.

Otherwise they would find them at their next look. Where a fast path gives what it makes to itself, nobody is told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import event
from sqlalchemy.orm import object_session

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.orm import Session

CLAIMED = "pao_claimed"
"""In a session's `info`: the triggers that it makes have their triggerer."""


def tell_of_new_triggers() -> None:
    """Have each new trigger told of from now on, in this process."""
    from airflow.models.trigger import Trigger

    if not event.contains(Trigger, "after_insert", _tell):
        event.listen(Trigger, "after_insert", _tell)


def _tell(_mapper: Any, connection: Connection, trigger: Any) -> None:
    session: Session | None = object_session(trigger)
    if connection.dialect.name == "postgresql" and not (session and session.info.get(CLAIMED)):
        from api_plugin.store.notices import tell_triggerers

        tell_triggerers(connection)
