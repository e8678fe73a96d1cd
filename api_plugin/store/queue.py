"""Whose turn it was: kept only while limits make requests wait, so that users take turns."""

from __future__ import annotations

from sqlalchemy import BigInteger, Text
from sqlalchemy.orm import Mapped, mapped_column

from api_plugin.store.base import Base


class QueueTurn(Base):
    """A user's last turn. Places are counted in Airflow's own tables: what is lost here costs nobody one."""

    __tablename__ = "queue_turn"

    user_id: Mapped[str] = mapped_column(Text, primary_key=True)
    turn: Mapped[int] = mapped_column(BigInteger)
    """Later turns have higher numbers."""
