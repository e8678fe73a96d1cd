"""Notifications: who wants to be told of what, and what there is to send."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "notification_preference",
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("channels", postgresql.JSONB(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_notification_preference")),
        schema="pao",
    )
    op.create_table(
        "notification",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("detail", postgresql.JSONB(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["request_id"], ["pao.request.id"], name=op.f("fk_notification_request_id_request"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notification")),
        schema="pao",
    )
    op.create_index(
        op.f("ix_notification_request_id_event_subject_channel_recipient"),
        "notification",
        ["request_id", "event", "subject", "channel", "recipient"],
        unique=True,
        schema="pao",
    )
    op.create_index(
        op.f("ix_notification_due_at"),
        "notification",
        ["due_at"],
        schema="pao",
        postgresql_where=sa.text("state IN ('due', 'sending')"),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("notification", schema="pao")
    op.drop_table("notification_preference", schema="pao")
