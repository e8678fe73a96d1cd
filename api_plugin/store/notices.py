"""Tells every API process that a catalog changed, by PostgreSQL's NOTIFY, when the transaction commits."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

CHANNEL = "pao_catalog"
"""The payload is the catalog's name."""


def notify(session: Session, catalog: str) -> None:
    """Tell, once the session's transaction commits."""
    session.execute(select(func.pg_notify(CHANNEL, catalog)))
