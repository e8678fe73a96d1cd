"""Answers that are kept for a while, so that a call that is sent again gets the same one."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from api_plugin.store.base import Base


class IdempotentAnswer(Base):
    """What a call with an `Idempotency-Key` was answered; written together with what the call made."""

    __tablename__ = "idempotent_answer"

    principal: Mapped[str] = mapped_column(Text, primary_key=True)
    operation: Mapped[str] = mapped_column(Text, primary_key=True)
    """Method and path, such as `POST /api/v1/requests`."""
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    body_digest: Mapped[str] = mapped_column(Text)
    """HMAC of the call's body: without PAO's own key nobody can try out which values were in it."""
    status: Mapped[int]
    location: Mapped[str | None] = mapped_column(Text)
    answer: Mapped[str] = mapped_column(Text)
    """The answer's JSON, sealed: one that gives a new API key is secret."""
    created_at: Mapped[dt.datetime] = mapped_column(index=True)
