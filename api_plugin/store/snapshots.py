"""Snapshots: what Airflow knew of the runs of requests that have ended, so that it outlives Airflow's own rows."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from api_plugin.store.base import Base


class RunSnapshot(Base):
    """A run of a request (its own, its manual one, or its rollback), as it was when the request had ended."""

    __tablename__ = "run_snapshot"
    __table_args__ = (Index(None, "request_id"),)

    dag_id: Mapped[str] = mapped_column(Text, primary_key=True)
    run_id: Mapped[str] = mapped_column(Text, primary_key=True)
    request_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("pao.request.id", ondelete="CASCADE"))
    taken_at: Mapped[dt.datetime]
    run: Mapped[dict[str, Any]]
    """As `api_plugin.run_record` writes it: states, tries, reports with sealed outputs, what actions kept."""
