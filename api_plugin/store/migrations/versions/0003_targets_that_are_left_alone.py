"""Targets that are left alone; counting requests by item and status."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "breaker",
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("process", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("target", "process", name=op.f("pk_breaker")),
        schema="pao",
    )
    op.create_index(
        op.f("ix_request_catalog_item_id_status"), "request", ["catalog", "item_id", "status"], schema="pao"
    )


def downgrade() -> None:
    """Take back."""
    op.drop_index(op.f("ix_request_catalog_item_id_status"), "request", schema="pao")
    op.drop_table("breaker", schema="pao")
