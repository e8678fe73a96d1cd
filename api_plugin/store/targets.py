"""Targets of actions: which of them are left alone, as the processes that call them tell."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from api_plugin.store.base import Base


class Breaker(Base):
    """What one process told last of its breaker for a target. Rows that nobody renews are stale, and go after a day."""

    __tablename__ = "breaker"

    target: Mapped[str] = mapped_column(Text, primary_key=True)
    """`host:port`."""
    process: Mapped[str] = mapped_column(Text, primary_key=True)
    """The host that it runs on, or `shared` where processes share a Redis."""
    state: Mapped[str] = mapped_column(Text)
    """`closed` while the target is called, `open` while it is left alone, `half-open` while one call tries it."""
    since: Mapped[dt.datetime]
    """When it fell ill, or healed: being tried in between does not count."""
    changed_at: Mapped[dt.datetime]
    """When the state last changed."""
    failures: Mapped[int]
    """Calls in a row that found the target ill."""
