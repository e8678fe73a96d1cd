"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.execute("CREATE SCHEMA IF NOT EXISTS pao")
    op.create_table(
        "api_key",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key")),
        schema="pao",
    )
    op.create_index(op.f("ix_api_key_digest"), "api_key", ["digest"], unique=True, schema="pao")
    op.create_index(op.f("ix_api_key_name"), "api_key", ["name"], unique=True, schema="pao")
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("correlation_id", sa.Text(), nullable=False),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
        schema="pao",
    )
    op.create_index(op.f("ix_audit_at"), "audit", ["at"], unique=False, schema="pao")
    op.create_index(op.f("ix_audit_target"), "audit", ["target"], unique=False, schema="pao")
    op.create_table(
        "catalog",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("tracking_ref", sa.Text(), nullable=False),
        sa.Column("commit", sa.Text(), nullable=True),
        sa.Column("version", sa.Text(), nullable=True),
        sa.Column("categories", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("problems", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("change_counter", sa.Integer(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refreshed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_catalog")),
        schema="pao",
    )
    op.create_table(
        "catalog_commit",
        sa.Column("catalog", sa.Text(), nullable=False),
        sa.Column("commit", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("committed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("added", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("changed", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("removed", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("invalid", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("catalog", "commit", name=op.f("pk_catalog_commit")),
        schema="pao",
    )
    op.create_index(
        op.f("ix_catalog_commit_catalog_published_at"),
        "catalog_commit",
        ["catalog", "published_at"],
        unique=False,
        schema="pao",
    )
    op.create_table(
        "item_revision",
        sa.Column("catalog", sa.Text(), nullable=False),
        sa.Column("item_id", sa.Text(), nullable=False),
        sa.Column("revision", sa.Text(), nullable=False),
        sa.Column("document", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("plan", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("commit", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("committed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("catalog", "item_id", "revision", name=op.f("pk_item_revision")),
        schema="pao",
    )
    op.create_table(
        "request",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("catalog", sa.Text(), nullable=False),
        sa.Column("item_id", sa.Text(), nullable=False),
        sa.Column("item_version", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("revision", sa.Text(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("dag_id", sa.Text(), nullable=False),
        sa.Column("fields", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("user", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("correlation_id", sa.Text(), nullable=False),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("state", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("event_seq", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["parent_id"], ["pao.request.id"], name=op.f("fk_request_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_request")),
        schema="pao",
    )
    op.create_index(
        op.f("ix_request_catalog_item_id_created_at"),
        "request",
        ["catalog", "item_id", "created_at"],
        unique=False,
        schema="pao",
    )
    op.create_index(op.f("ix_request_created_at_id"), "request", ["created_at", "id"], unique=False, schema="pao")
    op.create_index(
        op.f("ix_request_status_created_at"), "request", ["status", "created_at"], unique=False, schema="pao"
    )
    op.create_index(
        op.f("ix_request_user_id_created_at_id"), "request", ["user_id", "created_at", "id"], unique=False, schema="pao"
    )
    op.create_table(
        "catalog_item",
        sa.Column("catalog", sa.Text(), nullable=False),
        sa.Column("item_id", sa.Text(), nullable=False),
        sa.Column("published_revision", sa.Text(), nullable=False),
        sa.Column("served_revision", sa.Text(), nullable=True),
        sa.Column("valid", sa.Boolean(), nullable=False),
        sa.Column("retired", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["catalog", "item_id", "published_revision"],
            ["pao.item_revision.catalog", "pao.item_revision.item_id", "pao.item_revision.revision"],
            name=op.f("fk_catalog_item_catalog_item_id_published_revision"),
        ),
        sa.PrimaryKeyConstraint("catalog", "item_id", name=op.f("pk_catalog_item")),
        schema="pao",
    )
    op.create_table(
        "request_event",
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["request_id"], ["pao.request.id"], name=op.f("fk_request_event_request_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("request_id", "seq", name=op.f("pk_request_event")),
        schema="pao",
    )
    op.create_table(
        "request_rollback",
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("clear_number", sa.Integer(), nullable=False),
        sa.Column("dag_id", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("actions", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["request_id"], ["pao.request.id"], name=op.f("fk_request_rollback_request_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("request_id", "clear_number", name=op.f("pk_request_rollback")),
        schema="pao",
    )


def downgrade() -> None:
    """Take back."""
    op.execute("DROP SCHEMA pao CASCADE")
