"""Resources: what requests provisioned, as their items say; active until a rollback released it."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from api_plugin.store.base import Base


class Resource(Base):
    """One thing that an action of a request provisioned."""

    __tablename__ = "resource"
    __table_args__ = (
        Index(None, "created_at", "id"),
        Index(None, "request_id"),
        Index(None, "user_id", "created_at", "id"),
        Index(None, "owner", "created_at", "id"),
        Index(None, "user_email", "created_at", "id"),
        Index(None, "type", "created_at", "id"),
        Index(None, "item_id", "created_at", "id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    """Made from the request, the action and what it made, so that recording it again changes nothing."""
    request_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("pao.request.id", ondelete="CASCADE"))
    catalog: Mapped[str] = mapped_column(Text)
    item_id: Mapped[str] = mapped_column(Text)
    owner: Mapped[str] = mapped_column(Text)
    """The team that owns the item, as the request has it."""
    user_id: Mapped[str] = mapped_column(Text)
    user_email: Mapped[str] = mapped_column(Text)
    user_name: Mapped[str] = mapped_column(Text)
    user_organization: Mapped[str | None] = mapped_column(Text)
    mode: Mapped[str] = mapped_column(Text)
    """The way that its action belongs to."""
    action: Mapped[str] = mapped_column(Text)
    type: Mapped[str] = mapped_column(Text)
    identifier: Mapped[str | None] = mapped_column(Text)
    """The item's `id` of it; None where that could not be told."""
    name: Mapped[str | None] = mapped_column(Text)
    attributes: Mapped[dict[str, Any]]
    """Secret ones sealed."""
    state: Mapped[str] = mapped_column(Text)
    """`active` or `released`."""
    note: Mapped[str | None] = mapped_column(Text)
    """What a person must know of it: why it may still be there, or could not be recorded in full."""
    created_at: Mapped[dt.datetime]
    """When its action ended."""
    released_at: Mapped[dt.datetime | None]
