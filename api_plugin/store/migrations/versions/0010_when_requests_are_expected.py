"""When requests are expected to be completed, and which of them were found late."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("request", sa.Column("expected_at", sa.DateTime(timezone=True), nullable=True), schema="pao")
    op.add_column("request", sa.Column("overdue_at", sa.DateTime(timezone=True), nullable=True), schema="pao")
    op.create_index(
        op.f("ix_request_expected_at"),
        "request",
        ["expected_at"],
        schema="pao",
        postgresql_where=sa.text("overdue_at IS NULL AND ended_at IS NULL"),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_index(op.f("ix_request_expected_at"), "request", schema="pao")
    op.drop_column("request", "overdue_at", schema="pao")
    op.drop_column("request", "expected_at", schema="pao")
