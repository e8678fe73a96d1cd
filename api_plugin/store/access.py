"""Who may call: API keys (hashed), and the audit trail of who did what."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import BigInteger, Identity, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from api_plugin.store.base import Base


class ApiKey(Base):
    """A key of a service. Only its SHA-256 is stored: keys are 256 random bits, so a slow hash would add nothing."""

    __tablename__ = "api_key"
    __table_args__ = (Index(None, "digest", unique=True), Index(None, "name", unique=True))

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(Text)
    role: Mapped[str] = mapped_column(Text)
    """The FAB role whose permissions the key has."""
    email: Mapped[str] = mapped_column(Text)
    created_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime | None]


class Audit(Base):
    """One act: who, what, on what, with what outcome."""

    __tablename__ = "audit"
    __table_args__ = (Index(None, "at"), Index(None, "target"))

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    at: Mapped[dt.datetime]
    actor: Mapped[str] = mapped_column(Text)
    action: Mapped[str] = mapped_column(Text)
    target: Mapped[str] = mapped_column(Text)
    outcome: Mapped[str] = mapped_column(Text)
    address: Mapped[str | None] = mapped_column(Text)
    correlation_id: Mapped[str] = mapped_column(Text)
    detail: Mapped[dict[str, Any]]
