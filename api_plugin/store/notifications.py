"""Notifications: who wants to be told of what, and what there is to send. Each is sent once at most."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from api_plugin.store.base import Base


class NotificationPreference(Base):
    """What a user chose; one who chose nothing is told what the platform's settings say."""

    __tablename__ = "notification_preference"

    user_id: Mapped[str] = mapped_column(Text, primary_key=True)
    channels: Mapped[dict[str, Any]]
    """Channel to `events` and `to`, as `PUT /me/notifications` takes them."""
    updated_at: Mapped[dt.datetime]


class Notification(Base):
    """One message to one recipient by one channel; written together with the event that it tells of."""

    __tablename__ = "notification"
    __table_args__ = (
        Index(None, "request_id", "event", "subject", "channel", "recipient", unique=True),
        Index(None, "due_at", postgresql_where=text("state IN ('due', 'sending')")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    request_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("pao.request.id", ondelete="CASCADE"))
    event: Mapped[str] = mapped_column(Text)
    """`completed`, `failed`, `waiting` or `overdue`."""
    subject: Mapped[str] = mapped_column(Text)
    """Which one of the request: its try, or the action that waits."""
    channel: Mapped[str] = mapped_column(Text)
    recipient: Mapped[str] = mapped_column(Text)
    """An address, a member of Slack, or empty where the channel leads to one place alone."""
    detail: Mapped[dict[str, Any]]
    """What the event said: status, error, action, url."""
    state: Mapped[str] = mapped_column(Text)
    """`due`; `sending`, once somebody began; then `sent`, `failed`, or `unknown` where it may have arrived."""
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[dt.datetime]
    due_at: Mapped[dt.datetime]
    """When it is to be sent; while it is being sent, when that began."""
    ended_at: Mapped[dt.datetime | None]
    error: Mapped[str | None] = mapped_column(Text)
