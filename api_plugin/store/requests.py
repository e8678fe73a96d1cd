"""Requests: who asked for what, with which values; the history that watchers and searches read."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import Computed, ForeignKey, Index, Text, text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from api_plugin.store.base import Base

LISTED = ["status", "item_id", "owner", "user_id", "email"]
"""What lists of requests are narrowed down by."""


class Request(Base):
    """One request; its status is a projection of Airflow's state."""

    __tablename__ = "request"
    __table_args__ = (
        # Lists walk one of these two where nothing narrower fits; what they filter by is in the index.
        Index(None, "created_at", "id", postgresql_include=LISTED),
        Index(None, "updated_at", "id", postgresql_include=LISTED),
        Index(None, "user_id", "created_at", "id"),
        Index(None, "email", "created_at", "id"),
        Index(None, "owner", "created_at", "id"),
        Index(None, "item_id", "status", "created_at", "id"),
        Index(None, "catalog", "item_id", "status"),
        Index(None, "dag_id", "run_id", unique=True),
        # Without it, each request that is deleted would have all others looked at.
        Index(None, "parent_id", postgresql_where=text("parent_id IS NOT NULL")),
        Index(None, "status", "created_at", "id"),
        Index(None, "expected_at", postgresql_where=text("overdue_at IS NULL AND ended_at IS NULL")),
        Index("ix_request_without_snapshot", "ended_at", postgresql_where=text("snapshot_at IS NULL")),
        Index("ix_request_to_retain", "ended_at", postgresql_where=text("slimmed_at IS NULL")),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    catalog: Mapped[str] = mapped_column(Text)
    item_id: Mapped[str] = mapped_column(Text)
    item_version: Mapped[str] = mapped_column(Text)
    owner: Mapped[str] = mapped_column(Text)
    revision: Mapped[str] = mapped_column(Text)
    mode: Mapped[str] = mapped_column(Text)
    dag_id: Mapped[str] = mapped_column(Text)
    run_id: Mapped[str] = mapped_column(Text)
    """Of its DAG run: the request's id, but where the run was started in Airflow."""
    fields: Mapped[dict[str, Any]]
    """The values, secret ones sealed."""
    user_id: Mapped[str] = mapped_column(Text)
    """The requester's name in Airflow's auth manager."""
    user: Mapped[dict[str, Any]]
    """The requester as it was then: email, name, roles, organization."""
    email: Mapped[str | None] = mapped_column(Text, Computed("lower((\"user\" ->> 'email'::text))", persisted=True))
    """The requester's, in lower case, as lists find it."""
    comment: Mapped[str | None] = mapped_column(Text)
    correlation_id: Mapped[str] = mapped_column(Text)
    parent_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("pao.request.id"))
    created_at: Mapped[dt.datetime]
    updated_at: Mapped[dt.datetime]
    ended_at: Mapped[dt.datetime | None]
    status: Mapped[str] = mapped_column(Text)
    state: Mapped[dict[str, Any]]
    """The last projection: statuses of the request and its actions, as watchers were told."""
    event_seq: Mapped[int] = mapped_column(default=0)
    """The number of the last event."""
    snapshot_at: Mapped[dt.datetime | None]
    """When its runs were last kept in snapshots; None where anything happened since."""
    slimmed_at: Mapped[dt.datetime | None]
    """When retention took away all but what undoing it needs; None where it is whole."""
    cancellation: Mapped[dict[str, Any] | None]
    """The last cancellation by a person, as `api_plugin.cancellation.Cancellation` has it."""
    expected_at: Mapped[dt.datetime | None]
    """When it is promised to be completed; None where nothing is promised."""
    overdue_at: Mapped[dt.datetime | None]
    """When it was found late."""


class RequestWords(Base):
    """What a search finds a request by. Beside the request, since that is written anew with each change of status."""

    __tablename__ = "request_words"
    __table_args__ = (Index(None, "words", postgresql_using="gin"),)

    request_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("pao.request.id", ondelete="CASCADE"), primary_key=True)
    words: Mapped[str] = mapped_column(TSVECTOR)
    """See `api_plugin.search_words`."""


class RequestEvent(Base):
    """Something that happened to a request; append-only, numbered from 1 for each request."""

    __tablename__ = "request_event"

    request_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("pao.request.id", ondelete="CASCADE"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[dt.datetime]
    type: Mapped[str] = mapped_column(Text)
    """`status`, `action` or `overdue`."""
    data: Mapped[dict[str, Any]]


class RequestRollback(Base):
    """A rollback that was started: at most one for each try of a request, so that starting is idempotent."""

    __tablename__ = "request_rollback"

    request_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("pao.request.id", ondelete="CASCADE"), primary_key=True)
    clear_number: Mapped[int] = mapped_column(primary_key=True)
    """The DAG run's `clear_number` when it failed: each clear by a person is a new try."""
    dag_id: Mapped[str] = mapped_column(Text)
    run_id: Mapped[str] = mapped_column(Text)
    actions: Mapped[list[Any]]
    """Names of the actions to undo, in that order."""
    modes: Mapped[list[Any]] = mapped_column(default=list)
    """The way of each of them; empty where all are of the way that the request was ordered in."""
    started_at: Mapped[dt.datetime]


class RequestEscalation(Base):
    """The manual fulfillment that took over a request: one run for each request, cleared where it starts anew."""

    __tablename__ = "request_escalation"

    request_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("pao.request.id", ondelete="CASCADE"), primary_key=True)
    clear_number: Mapped[int]
    """The automatic run's `clear_number` when it failed: once a person has cleared that, this counts no more."""
    dag_id: Mapped[str] = mapped_column(Text)
    run_id: Mapped[str] = mapped_column(Text)
    started_at: Mapped[dt.datetime]
    failure: Mapped[str | None] = mapped_column(Text)
    """Why it could not be started."""
